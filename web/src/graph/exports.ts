/** A picture as a file: SVG that stands by itself, and PNG. */

import { icon, svg } from "../dom.ts";
import type { Canvas } from "./canvas.ts";

const COPIED = [
  "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size",
  "font-weight", "font-family", "paint-order", "text-anchor",
];
const SCALE = 2;
const LARGEST = 8000;

/** Hand a file to the reader. */
export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The whole picture as an SVG document with its looks written into it. */
export async function asSvg(canvas: Canvas): Promise<string> {
  const box = canvas.bounds(24);
  const { stage, copy } = copied(canvas);
  stage.setAttribute("transform", "");
  await unfold(copy);
  const ground = getComputedStyle(canvas.element).backgroundColor;
  copy.prepend(svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, fill: ground }));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", [box.x, box.y, box.width, box.height].map(Math.round).join(" "));
  copy.setAttribute("width", String(Math.round(box.width)));
  copy.setAttribute("height", String(Math.round(box.height)));
  return new XMLSerializer().serializeToString(copy);
}

/** The whole picture as a PNG, at twice the size of a screen's points. */
export async function asPng(canvas: Canvas): Promise<Blob> {
  const text = await asSvg(canvas);
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SCALE, LARGEST / Math.max(image.width, image.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.round(image.width * scale);
    sheet.height = Math.round(image.height * scale);
    sheet.getContext("2d")?.drawImage(image, 0, 0, sheet.width, sheet.height);
    return await new Promise((done, failed) =>
      sheet.toBlob((blob) => (blob ? done(blob) : failed(new Error("The picture is too large for a PNG.")))),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

function copied(canvas: Canvas): { copy: SVGSVGElement; stage: Element } {
  const copy = canvas.root.cloneNode(true) as SVGSVGElement;
  const from = [...canvas.root.querySelectorAll<SVGElement>("*")];
  const to = [...copy.querySelectorAll<SVGElement>("*")];
  from.forEach((source, index) => {
    const target = to[index];
    if (!target) return;
    const looks = getComputedStyle(source);
    if (looks.display === "none") target.setAttribute("data-gone", "");
    for (const name of COPIED) target.setAttribute(name, looks.getPropertyValue(name));
    for (const name of ["style", "class", "tabindex", "role", "aria-pressed", "data-id", "data-ends"]) target.removeAttribute(name);
  });
  for (const gone of copy.querySelectorAll("[data-gone]")) if (!gone.closest("defs")) gone.remove();
  copy.removeAttribute("class");
  copy.removeAttribute("role");
  const stage = copy.querySelector("g") ?? copy;
  return { copy, stage };
}

/** Put the shapes of the sprite in the place of the references to it. */
async function unfold(copy: SVGSVGElement): Promise<void> {
  const uses = [...copy.querySelectorAll("use")];
  const address = icon("").querySelector("use")?.getAttribute("href")?.split("#")[0];
  if (!uses.length || !address) return;
  const sprite = new DOMParser().parseFromString(await (await fetch(address)).text(), "image/svg+xml");
  for (const use of uses) {
    const name = (use.getAttribute("href") ?? "").split("#")[1] ?? "";
    const shape = sprite.getElementById(name);
    const shapes = shape ? [...shape.children].map((child) => document.importNode(child, true)) : [];
    use.replaceWith(...shapes);
  }
}
