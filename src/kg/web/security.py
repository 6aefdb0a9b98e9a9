"""The headers that tell browsers what an answer may do, and what others may do with it.

The data is public and may be read from any site (CORS, CORP); the pages load nothing from elsewhere, run no
scripts but the server's own files, are framed by nobody and tell nobody where their readers came from.
"""

from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Names (lower-case) and values, as ASGI has them."""

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


def _joined(*instead: str) -> str:
    """The policy as a header value, with some directives in the place of those of the same name."""
    changed = {directive.partition(" ")[0]: directive for directive in instead}
    return "; ".join(changed.get(directive.partition(" ")[0], directive) for directive in _POLICY)


DRAWING = {"Content-Security-Policy": _joined("img-src 'self' blob:")}
"""The policy of a page whose script draws: to make a PNG it reads its own drawing as an image of its own making."""

_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi",
    "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""What a page could ask of the browser; ours ask for none of it."""

SECURITY: Headers = (
    (b"content-security-policy", _joined().encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", ", ".join(f"{name}=()" for name in _FEATURES).encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-frame-options", b"DENY"),
)


def transport_security(seconds: int, scheme: str) -> Headers:
    """``Strict-Transport-Security`` for that many seconds; none over plain HTTP, where browsers must ignore it."""
    if not seconds or scheme != "https":
        return ()
    return ((b"strict-transport-security", f"max-age={seconds}; includeSubDomains".encode()),)
