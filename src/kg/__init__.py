"""Armature: the open, cited, time-aware knowledge graph of defence-industrial relationships."""

__version__ = "0.1.0"
