"""Contact sheets for notebooks."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True)
class Shown:
    """One picture of a sheet, or what went wrong in its place."""

    caption: str
    file: bytes | None
    media_type: str
    error: str | None


@dataclass(frozen=True)
class ContactSheet:
    """Pictures side by side; a notebook shows it as the value of a cell."""

    pictures: tuple[Shown, ...]
    width: int

    def _repr_html_(self) -> str:
        cells = "".join(self._cell(picture) for picture in self.pictures)
        return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{cells}</div>'

    def _cell(self, picture: Shown) -> str:
        if picture.file is None:
            top = f'<div style="color:#b00">{html.escape(picture.error or "no picture")}</div>'
        else:
            data = base64.b64encode(picture.file).decode("ascii")
            top = (
                f'<img src="data:{picture.media_type};base64,{data}" style="width:100%"'
                f' alt="{html.escape(picture.caption, quote=True)}">'
            )
        caption = html.escape(picture.caption)
        return (
            f'<figure style="width:{self.width}px;margin:0">{top}'
            f'<figcaption style="font-size:small">{caption}</figcaption></figure>'
        )

    def __repr__(self) -> str:
        failed = sum(picture.file is None for picture in self.pictures)
        return f"ContactSheet({len(self.pictures)} pictures, {failed} of them failed)"


def show(df: DataFrame, limit: int = 24, width: int = 192) -> ContactSheet:
    """A contact sheet of the first pictures of a table, as the value of a notebook's cell.

    A table that is neither cached nor read from files makes these pictures now.

    Args:
        df: as :func:`fluxspark.generate` gives it, or as the ``generate`` command wrote it: a
            column ``image`` of ``bytes`` and ``path``; ``prompt`` and ``error_message`` are shown
            where they are there.
        limit: the most pictures, which all come to this process.
        width: of a picture, in pixels of the screen.

    Raises:
        ValueError: the table has no column ``image``.
    """
    if "image" not in df.columns:
        raise ValueError(
            "the table has no column 'image'; generate(df) gives one, and of"
            " flux_image(prompt) AS f select f.*"
        )
    columns = [name for name in ("image", "prompt", "error_message") if name in df.columns]
    rows = [row.asDict() for row in df.select(*columns).limit(limit).collect()]
    return ContactSheet(tuple(_shown(row) for row in rows), width)


def _shown(row: dict) -> Shown:
    image = row["image"]
    caption = row.get("prompt") or ""
    if image is None or image["bytes"] is None:
        return Shown(caption, None, "", row.get("error_message"))
    ending = (image["path"] or "").rpartition(".")[2].lower()
    return Shown(caption, bytes(image["bytes"]), _MEDIA_TYPES.get(ending, "image/png"), None)
