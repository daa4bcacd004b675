"""Makes golden/pictures: picture files of every kind, and what Pillow says that each of them shows.

    make_picture_files.py --output FOLDER

needs Pillow 13 and numpy. FOLDER/files has the files, FOLDER/expected for each of them an RGB picture as PNG: what
ImageOps.exif_transpose(Image.open(file)).convert("RGB") gives. FOLDER/resized has a picture, source.png, and what
Image.resize makes of it; the name says the filter and the size. FOLDER/luminance.png is convert("L") of source.png.

Pillow writes what it can write; the rest is written here, or is a file of Pillow's with some bytes changed.
"""

import argparse
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 37, 23


def rgb_values(width=WIDTH, height=HEIGHT):
    """Smooth colours with hard edges and some noise; all 8 bits are used."""
    y, x = np.mgrid[0:height, 0:width]
    red = x * 255 // max(width - 1, 1)
    green = y * 255 // max(height - 1, 1)
    blue = ((x // 5 + y // 5) % 2) * 200 + 20
    noise = np.random.default_rng(7).integers(-20, 20, (height, width, 3))
    return np.clip(np.stack([red, green, blue], -1) + noise, 0, 255).astype(np.uint8)


def smooth_values(width=64, height=48):
    """Without noise and edges: what remains of a difference is the decoder's, not the picture's."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 9) * np.cos(y / 7), np.cos(x / 11 + 1), np.sin((x + y) / 13)]
    return (128 + 100 * np.stack(waves, -1)).astype(np.uint8)


def deep_values(channels):
    values = np.random.default_rng(channels).integers(0, 65536, (HEIGHT, WIDTH, channels))
    values[0, :4] = [[0], [255], [256], [65535]]
    return values


RGB = Image.fromarray(rgb_values())
SMOOTH = Image.fromarray(smooth_values())
ALPHA = Image.fromarray((np.mgrid[0:HEIGHT, 0:WIDTH][1] * 255 // (WIDTH - 1)).astype(np.uint8))
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
GREY = RGB.convert("L")
LA = Image.merge("LA", (GREY, ALPHA))
PALETTE = RGB.quantize(61)
BLACK_AND_WHITE = RGB.convert("1")


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


# PNG


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed_rows(samples, bits):
    """Rows of a PNG, BMP or TIFF: samples of a row one behind the other, each row to a whole byte."""
    height = samples.shape[0]
    rows = samples.reshape(height, -1)
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in rows]
    shifts = np.arange(bits - 1, -1, -1)
    return [np.packbits(((row[:, None] >> shifts) & 1).astype(np.uint8).reshape(-1)).tobytes() for row in rows]


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, bits, colour, before=b"", behind=b"", interlaced=False):
    height, width = samples.shape[:2]
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    rows = [row for part in passes if part.size for row in packed_rows(part, bits)]
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    half = len(data) // 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + before
        + chunk(b"IDAT", data[:half])
        + chunk(b"IDAT", data[half:])
        + behind
        + chunk(b"IEND", b"")
    )


def png_files():
    rgb = rgb_values()
    yield "rgb.png", saved(RGB, "PNG")
    yield "rgba.png", saved(RGBA, "PNG")
    yield "grey.png", saved(GREY, "PNG")
    yield "grey_alpha.png", saved(LA, "PNG")
    yield "black_and_white.png", saved(BLACK_AND_WHITE, "PNG")
    yield "palette.png", saved(PALETTE, "PNG")
    yield "palette_transparent.png", saved(PALETTE, "PNG", transparency=3)
    yield "palette_alphas.png", saved(PALETTE, "PNG", transparency=bytes(range(0, 244, 4)))
    yield "grey_transparent.png", saved(GREY, "PNG", transparency=100)
    yield "rgb_transparent.png", saved(RGB, "PNG", transparency=tuple(int(v) for v in rgb[0, 0]))
    for bits in (1, 2, 4):
        samples = rgb[..., :1] >> (8 - bits)
        colours = rgb.reshape(-1)[: 3 << bits].tobytes()
        yield f"grey_{bits}.png", png(samples, bits, 0)
        yield f"palette_{bits}.png", png(samples, bits, 3, chunk(b"PLTE", colours))
    yield "palette_short.png", png(rgb[..., :1] >> 4, 8, 3, chunk(b"PLTE", rgb.reshape(-1)[:30].tobytes()))
    for channels, colour, name in ((1, 0, "grey"), (3, 2, "rgb"), (2, 4, "grey_alpha"), (4, 6, "rgba")):
        yield f"{name}_16.png", png(deep_values(channels), 16, colour)
    yield "grey_16_dark.png", png(deep_values(1) >> 8, 16, 0)
    yield "rgb_interlaced.png", png(rgb, 8, 2, interlaced=True)
    yield "grey_1_interlaced.png", png(rgb[..., :1] >> 7, 1, 0, interlaced=True)
    yield "rgb_16_interlaced.png", png(deep_values(3), 16, 2, interlaced=True)
    yield "one_pixel.png", png(rgb[:1, :1], 8, 2)
    yield "one_pixel_interlaced.png", png(rgb[:1, :1], 8, 2, interlaced=True)
    yield "gamma.png", png(rgb, 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0"))
    yield "animated.png", saved(RGB, "PNG", save_all=True, append_images=[RGB.rotate(180)])
    yield "orientation_exif.png", saved(RGB, "PNG", exif=exif(6))
    yield "orientation_exif_behind.png", png(rgb, 8, 2, behind=chunk(b"eXIf", exif(8).tobytes()[6:]))
    xmp = b"XML:com.adobe.xmp\0%c\0\0\0%s"
    yield "orientation_xmp.png", png(rgb, 8, 2, chunk(b"iTXt", xmp % (0, XMP)))
    yield "orientation_xmp_compressed.png", png(rgb, 8, 2, chunk(b"iTXt", xmp % (1, zlib.compress(XMP))))
    profile = b"\nexif\n%8d\n" % len(exif(3).tobytes()) + exif(3).tobytes().hex().encode() + b"\n"
    yield "orientation_text.png", png(rgb, 8, 2, chunk(b"tEXt", b"Raw profile type exif\0" + profile))
    packed = b"Raw profile type exif\0\0" + zlib.compress(profile)
    yield "orientation_text_compressed.png", png(rgb, 8, 2, chunk(b"zTXt", packed))


# Orientation


def exif(orientation):
    values = Image.Exif()
    values[0x0112] = orientation
    return values


def exif_of(order, kind, count, value):
    """EXIF with nothing but an orientation, as a camera may have it."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    field = {3: "H2x", 4: "I", 1: "B3x"}[kind]
    return (
        b"Exif\0\0" + mark + struct.pack(order + "IHHHI" + field, 8, 1, 0x0112, kind, count, value) + b"\0\0\0\0"
    )


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="5"/></rdf:RDF></x:xmpmeta>'
)

# JPEG


def jpeg_files():
    yield "ycc_444.jpg", saved(SMOOTH, "JPEG", quality=95, subsampling=0)
    yield "ycc_422.jpg", saved(SMOOTH, "JPEG", quality=95, subsampling=1)
    yield "ycc_420.jpg", saved(SMOOTH, "JPEG", quality=95, subsampling=2)
    yield "edges_420.jpg", saved(RGB, "JPEG", quality=75)
    gentle = Image.fromarray((smooth_values() // 10 + np.array([90, 120, 150])).astype(np.uint8))
    yield "ycc_440.jpg", with_sampling(saved(gentle, "JPEG", quality=95, subsampling=1), 0x12)
    yield "progressive.jpg", saved(RGB, "JPEG", quality=85, progressive=True)
    yield "restarts.jpg", saved(RGB, "JPEG", quality=85, restart_marker_blocks=2)
    yield "grey.jpg", saved(GREY, "JPEG", quality=90)
    yield "grey_progressive.jpg", saved(GREY, "JPEG", quality=90, progressive=True)
    yield "rgb.jpg", saved(SMOOTH, "JPEG", quality=95, keep_rgb=True)
    yield "rgb_without_markers.jpg", without_segments(saved(SMOOTH, "JPEG", quality=95, keep_rgb=True))
    yield "ycc_without_markers.jpg", without_segments(saved(SMOOTH, "JPEG", quality=95))
    cmyk = saved(SMOOTH.convert("CMYK"), "JPEG", quality=95)
    yield "cmyk.jpg", cmyk
    yield "cmyk_progressive.jpg", saved(RGB.convert("CMYK"), "JPEG", quality=95, progressive=True)
    yield "cmyk_without_adobe.jpg", without_segments(cmyk)
    place = cmyk.index(b"Adobe") + 11
    assert cmyk[place] == 0
    yield "ycck.jpg", cmyk[:place] + b"\2" + cmyk[place + 1 :]
    yield "one_pixel.jpg", saved(RGB.crop((0, 0, 1, 1)), "JPEG")
    yield "comment.jpg", saved(RGB, "JPEG", comment=b"\xff\xd9 no end " * 9)
    yield "behind.jpg", saved(RGB, "JPEG") + b"what stands behind a picture"
    yield "multi.jpg", saved(RGB, "MPO", save_all=True, append_images=[RGB.rotate(180)])
    yield "orientation_0.jpg", saved(RGB, "JPEG", exif=exif(0))
    for orientation in range(1, 10):
        yield f"orientation_{orientation}.jpg", saved(RGB, "JPEG", exif=exif(orientation))
    yield "orientation_xmp.jpg", saved(RGB, "JPEG", xmp=XMP)
    yield "orientation_exif_and_xmp.jpg", saved(RGB, "JPEG", xmp=XMP, exif=exif(3))
    for name, order, kind in (("little", "<", 3), ("big", ">", 3), ("long", ">", 4), ("byte", "<", 1)):
        yield f"orientation_{name}.jpg", saved(RGB, "JPEG", exif=exif_of(order, kind, 1, 6))
    yield "orientation_damaged.jpg", saved(RGB, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    yield "orientation_cut_off.jpg", saved(RGB, "JPEG", exif=exif_of("<", 3, 1, 6)[:20])


def with_sampling(jpeg, sampling):
    """Other sampling factors of the first component; for blocks of the same number."""
    place = jpeg.index(b"\xff\xc0") + 11
    return jpeg[:place] + bytes([sampling]) + jpeg[place + 1 :]


def without_segments(jpeg):
    """Leaves out all APPn and comments."""
    result, place = jpeg[:2], 2
    while jpeg[place + 1] != 0xDA:
        end = place + 2 + struct.unpack_from(">H", jpeg, place + 2)[0]
        if not 0xE0 <= jpeg[place + 1] <= 0xEF:
            result += jpeg[place:end]
        place = end
    return result + jpeg[place:]


# WebP


def webp_files():
    yield "lossy.webp", saved(RGB, "WEBP", quality=80)
    yield "lossless.webp", saved(RGB, "WEBP", lossless=True)
    yield "lossy_alpha.webp", saved(RGBA, "WEBP", quality=80)
    yield "lossless_alpha.webp", saved(RGBA, "WEBP", lossless=True, exact=True)
    yield "lossless_palette.webp", saved(PALETTE.convert("RGB"), "WEBP", lossless=True)
    yield "one_pixel.webp", saved(RGB.crop((0, 0, 1, 1)), "WEBP", lossless=True)
    yield "orientation_exif.webp", saved(RGB, "WEBP", lossless=True, exif=exif(7))
    yield "orientation_xmp.webp", saved(RGB, "WEBP", lossless=True, xmp=XMP)
    animation = {"save_all": True, "append_images": [RGBA.rotate(180)], "duration": 100}
    yield "animated.webp", saved(RGBA, "WEBP", lossless=True, exact=True, **animation)
    yield "animated_lossy.webp", saved(RGBA, "WEBP", quality=80, **animation)
    yield "animated_small_frame.webp", with_canvas(saved(RGBA, "WEBP", lossless=True, exact=True, **animation))
    opaque = saved(RGB, "WEBP", lossless=True, save_all=True, append_images=[RGB.rotate(180)])
    yield "animated_opaque.webp", opaque
    yield "animated_opaque_small_frame.webp", with_canvas(opaque)


def with_canvas(webp):
    """Sets an animation's first frame at (4, 6) of a canvas of 50 x 40."""
    file = bytearray(webp)
    canvas = file.index(b"VP8X") + 12
    file[canvas : canvas + 6] = struct.pack("<I", 49)[:3] + struct.pack("<I", 39)[:3]
    frame = file.index(b"ANMF") + 8
    file[frame : frame + 6] = struct.pack("<I", 2)[:3] + struct.pack("<I", 3)[:3]
    return bytes(file)


# GIF


def gif_files():
    yield "palette.gif", saved(PALETTE, "GIF")
    yield "interlaced.gif", saved(PALETTE, "GIF", interlace=1)
    yield "not_interlaced.gif", saved(PALETTE, "GIF", interlace=0)
    yield "transparent.gif", saved(PALETTE, "GIF", transparency=3)
    yield "grey.gif", saved(GREY, "GIF")
    yield "two_colours.gif", saved(RGB.quantize(2), "GIF")
    yield "five_colours.gif", saved(RGB.quantize(5), "GIF")
    yield "comment.gif", saved(PALETTE, "GIF", comment=b"no, no " * 99)
    yield "animated.gif", saved(RGB, "GIF", save_all=True, append_images=[RGB.rotate(180), RGB], duration=90, loop=0)
    yield "one_pixel.gif", saved(PALETTE.crop((0, 0, 1, 1)), "GIF")
    yield "small_frame.gif", moved(saved(PALETTE, "GIF"), (50, 40), (4, 6))
    yield "small_frame_transparent.gif", moved(saved(PALETTE, "GIF", transparency=3), (50, 40), (4, 6))
    yield "large_frame.gif", moved(saved(PALETTE, "GIF"), (20, 10), (2, 1))
    yield "long_codes.gif", saved(Image.fromarray(rgb_values(120, 90)).quantize(256), "GIF")
    yield "local_palette.gif", with_local_palette(saved(PALETTE, "GIF"))
    yield "no_palette.gif", without_palette(saved(GREY, "GIF"))


def first_frame(gif):
    """Where the first image descriptor is, in a GIF of Pillow's with a global palette."""
    place = 13 + (3 << ((gif[10] & 7) + 1))
    while gif[place] != 0x2C:
        place += 2
        while gif[place]:
            place += gif[place] + 1
        place += 1
    return place


def moved(gif, screen, offset):
    file = bytearray(gif)
    file[6:10] = struct.pack("<HH", *screen)
    place = first_frame(gif) + 1
    file[place : place + 4] = struct.pack("<HH", *offset)
    return bytes(file)


def with_local_palette(gif):
    """The global palette becomes the frame's own; a global one of other colours takes its place."""
    size = 3 << ((gif[10] & 7) + 1)
    place = first_frame(gif)
    descriptor = gif[place : place + 9] + bytes([gif[place + 9] | 0x80 | (gif[10] & 7)])
    return gif[:13] + bytes(size) + gif[13 + size : place] + descriptor + gif[13 : 13 + size] + gif[place + 10 :]


def without_palette(gif):
    size = 3 << ((gif[10] & 7) + 1)
    return gif[:10] + bytes([gif[10] & 0x7F]) + gif[11:13] + gif[13 + size :]


# BMP


def bmp(rows, width, height, bits, compression=0, masks=b"", palette=b"", top_down=False, header=40):
    """rows: from the bottom, unless it is top-down; or the bytes of an RLE."""
    data = rows if isinstance(rows, bytes) else b"".join(row + bytes(-len(row) % 4) for row in rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if top_down else height
        colours = len(palette) // 4
        info = struct.pack("<IiiHHIIiiII", 40, width, signed, 1, bits, compression, len(data), 0, 0, colours, 0)
    start = 14 + len(info) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + masks + palette + data


def run_lengths(indices, four_bits):
    """A row of runs of one, with what else an RLE may have."""
    result = b""
    for number, row in enumerate(indices):
        if number % 2 and not four_bits:
            for start in range(0, len(row), 10):
                part = row[start : start + 10].tobytes()
                literal = b"\0" + bytes([len(part)]) + part + bytes(len(part) % 2)
                result += literal if len(part) >= 3 else b"".join(bytes([1, value]) for value in part)
        else:
            result += b"".join(bytes([1, int(value) << 4 if four_bits else int(value)]) for value in row)
        result += b"\0\0"
    return result + b"\0\1"


def bmp_files():
    rgb = rgb_values()
    up = rgb[::-1]
    yield "rgb.bmp", saved(RGB, "BMP")
    yield "rgba.bmp", saved(RGBA, "BMP")
    yield "grey.bmp", saved(GREY, "BMP")
    yield "palette.bmp", saved(PALETTE, "BMP")
    yield "black_and_white.bmp", saved(BLACK_AND_WHITE, "BMP")
    yield "one_pixel.bmp", saved(RGB.crop((0, 0, 1, 1)), "BMP")
    bgr = packed_rows(rgb[..., ::-1], 8)
    yield "top_down.bmp", bmp(bgr, WIDTH, HEIGHT, 24, top_down=True)
    yield "os2.bmp", bmp(packed_rows(up[..., ::-1], 8), WIDTH, HEIGHT, 24, header=12)
    r, g, b = (up[..., i].astype(np.uint32) for i in range(3))
    five = ((r >> 3) << 10 | (g >> 3) << 5 | b >> 3).astype("<u2")
    six = ((r >> 3) << 11 | (g >> 2) << 5 | b >> 3).astype("<u2")
    yield "rgb_555.bmp", bmp([row.tobytes() for row in five], WIDTH, HEIGHT, 16)
    masks = struct.pack("<III", 0x7C00, 0x3E0, 0x1F)
    yield "masks_555.bmp", bmp([row.tobytes() for row in five], WIDTH, HEIGHT, 16, 3, masks)
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    yield "masks_565.bmp", bmp([row.tobytes() for row in six], WIDTH, HEIGHT, 16, 3, masks)
    wide = (r << 16 | g << 8 | b).astype("<u4")
    yield "rgb_32.bmp", bmp([row.tobytes() for row in wide], WIDTH, HEIGHT, 32)
    yield "masks_32.bmp", bmp(
        [row.tobytes() for row in (r << 24 | g << 16 | b << 8).astype("<u4")],
        WIDTH,
        HEIGHT,
        32,
        3,
        struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00),
    )
    colours = np.random.default_rng(3).integers(0, 256, (256, 4), dtype=np.uint8)
    indices = up[..., 0]
    yield "palette_1.bmp", bmp(packed_rows(indices >> 7, 1), WIDTH, HEIGHT, 1, palette=colours[:2].tobytes())
    yield "palette_4.bmp", bmp(packed_rows(indices >> 4, 4), WIDTH, HEIGHT, 4, palette=colours[:16].tobytes())
    runs = run_lengths(indices, False)
    yield "run_lengths_8.bmp", bmp(runs, WIDTH, HEIGHT, 8, 1, palette=colours.tobytes())
    runs = run_lengths(indices >> 4, True)
    yield "run_lengths_4.bmp", bmp(runs, WIDTH, HEIGHT, 4, 2, palette=colours[:16].tobytes())


# TIFF


def tiff(order, entries, blocks):
    """One directory. entries: (tag, type, values); 273 or 324 of them, without values, gets the blocks' places."""
    kinds = {1: "B", 3: "H", 4: "I"}
    entries = sorted(entries + [(279 if any(e[0] == 273 for e in entries) else 325, 4, [len(b) for b in blocks])])
    place = 8
    places = []
    for block in blocks:
        places.append(place)
        place += len(block) + len(block) % 2
    directory, more = b"", b""
    behind = place + 2 + 12 * len(entries) + 4
    for tag, kind, values in entries:
        values = places if tag in (273, 324) else values
        data = struct.pack(f"{order}{len(values)}{kinds[kind]}", *values)
        directory += struct.pack(order + "HHI", tag, kind, len(values))
        if len(data) <= 4:
            directory += data + bytes(4 - len(data))
        else:
            directory += struct.pack(order + "I", behind + len(more))
            more += data + bytes(len(data) % 2)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", place)
    body = b"".join(block + bytes(len(block) % 2) for block in blocks)
    return start + body + struct.pack(order + "H", len(entries)) + directory + bytes(4) + more


def tiff_entries(width, height, bits, photometric, compression=1, **more):
    entries = [
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, bits),
        (259, 3, [compression]),
        (262, 3, [photometric]),
        (277, 3, [len(bits)]),
    ]
    tags = {"extra": 338, "planar": 284, "predictor": 317, "palette": 320, "rows": 278, "strips": 273}
    tags |= {"tile_width": 322, "tile_height": 323, "tiles": 324, "orientation": 274, "fill_order": 266, "subsampling": 530}
    for name, values in more.items():
        entries.append((tags[name], 4 if name in ("strips", "tiles") else 3, values))
    return entries


def with_other(tiff, tag):
    """Gives the other of 0 and 1 to a tag of a file of Pillow's."""
    entry = struct.pack("<HHI", tag, 3, 1)
    place = tiff.index(entry) + len(entry)
    return tiff[:place] + bytes([1 - tiff[place]]) + tiff[place + 1 :]


def tiff_files():
    rgb = rgb_values()
    bits = [8, 8, 8]
    for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"rgb_{name}.tif", saved(RGB, "TIFF", compression=name)
    yield "rgba.tif", saved(RGBA, "TIFF")
    yield "grey.tif", saved(GREY, "TIFF")
    yield "grey_lzw.tif", saved(GREY, "TIFF", compression="tiff_lzw")
    yield "grey_alpha.tif", saved(LA, "TIFF")
    yield "palette.tif", saved(PALETTE, "TIFF")
    yield "cmyk.tif", saved(RGB.convert("CMYK"), "TIFF")
    yield "cmyk_lzw.tif", saved(RGB.convert("CMYK"), "TIFF", compression="tiff_lzw")
    for name in ("raw", "group3", "group4", "packbits", "tiff_lzw"):
        file = saved(BLACK_AND_WHITE, "TIFF", compression=name)
        yield f"black_and_white_{name}.tif", file
        yield f"black_and_white_{name}_turned.tif", with_other(file, 262)
    yield "jpeg.tif", saved(SMOOTH, "TIFF", compression="jpeg", quality=95)
    yield "jpeg_grey.tif", saved(SMOOTH.convert("L"), "TIFF", compression="jpeg", quality=95)
    yield "predictor_lzw.tif", saved(RGB, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    yield "predictor_deflate.tif", saved(RGBA, "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 2})
    yield "pages.tif", saved(RGB, "TIFF", save_all=True, append_images=[RGB.rotate(180)])
    yield "one_pixel.tif", saved(RGB.crop((0, 0, 1, 1)), "TIFF")
    for orientation in range(1, 9):
        yield f"orientation_{orientation}.tif", saved(RGB, "TIFF", tiffinfo={274: orientation})
    yield "grey_16.tif", saved(Image.fromarray(deep_values(1)[..., 0].astype(np.uint16)), "TIFF")
    rows = packed_rows(rgb, 8)
    strips = [b"".join(rows[i : i + 5]) for i in range(0, HEIGHT, 5)]
    yield "big_endian_strips.tif", tiff(
        ">", tiff_entries(WIDTH, HEIGHT, bits, 2, rows=[5], strips=[0]), strips
    )
    for order, name in (("<", "little"), (">", "big")):
        for channels, photometric in ((3, 2), (4, 2), (4, 5)):
            deep = deep_values(channels).astype(order + "u2").tobytes()
            more = {"extra": [2]} if (channels, photometric) == (4, 2) else {}
            kind = {(3, 2): "rgb", (4, 2): "rgba", (4, 5): "cmyk"}[channels, photometric]
            yield f"{kind}_16_{name}.tif", tiff(
                order,
                tiff_entries(WIDTH, HEIGHT, [16] * channels, photometric, rows=[HEIGHT], strips=[0], **more),
                [deep],
            )
    planes = [rgb[..., i].tobytes() for i in range(3)]
    yield "planes.tif", tiff(
        "<", tiff_entries(WIDTH, HEIGHT, bits, 2, rows=[HEIGHT], strips=[0], planar=[2]), planes
    )
    padded = np.pad(rgb, ((0, -HEIGHT % 16), (0, -WIDTH % 16), (0, 0)))
    tiles = [
        zlib.compress(padded[y : y + 16, x : x + 16].tobytes())
        for y in range(0, HEIGHT, 16)
        for x in range(0, WIDTH, 16)
    ]
    yield "tiles.tif", tiff(
        "<", tiff_entries(WIDTH, HEIGHT, bits, 2, 8, tile_width=[16], tile_height=[16], tiles=[0]), tiles
    )
    extra = np.concatenate([rgb, np.array(ALPHA)[..., None]], -1)
    for kind, name in ((0, "unspecified"), (1, "premultiplied")):
        values = extra.copy()
        if kind == 1:
            values[..., :3] = extra[..., :3].astype(int) * extra[..., 3:] // 255
        yield f"extra_{name}.tif", tiff(
            "<",
            tiff_entries(WIDTH, HEIGHT, [8] * 4, 2, rows=[HEIGHT], strips=[0], extra=[kind]),
            [values.tobytes()],
        )
    white_is_zero = tiff_entries(WIDTH, HEIGHT, [8], 0, rows=[HEIGHT], strips=[0])
    yield "white_is_zero.tif", tiff("<", white_is_zero, [rgb[..., 0].tobytes()])
    for depth in (1, 2, 4):
        samples = b"".join(packed_rows(rgb[..., :1] >> (8 - depth), depth))
        for photometric, name in ((0, "white_is_zero"), (1, "grey"), (3, "palette")):
            colours = np.random.default_rng(depth).integers(0, 65536, 3 << depth)
            more = {"palette": [int(v) for v in colours]} if photometric == 3 else {}
            yield f"{name}_{depth}.tif", tiff(
                "<",
                tiff_entries(WIDTH, HEIGHT, [depth], photometric, rows=[HEIGHT], strips=[0], **more),
                [samples],
            )
    reverse = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
    samples = b"".join(packed_rows(rgb[..., :1] >> 7, 1)).translate(reverse)
    ycc = np.array(SMOOTH.convert("YCbCr"))
    entries = tiff_entries(ycc.shape[1], ycc.shape[0], bits, 6, rows=[ycc.shape[0]], strips=[0], subsampling=[1, 1])
    yield "ycc.tif", tiff("<", entries, [ycc.tobytes()])
    yield "jpeg_ycc.tif", saved(SMOOTH.convert("YCbCr"), "TIFF", compression="jpeg", quality=95)
    yield "fill_order.tif", tiff(
        "<", tiff_entries(WIDTH, HEIGHT, [1], 1, rows=[HEIGHT], strips=[0], fill_order=[2]), [samples]
    )


def expected(file):
    with Image.open(io.BytesIO(file)) as image:
        picture = ImageOps.exif_transpose(image).convert("RGB")
    picture.info.clear()  # or a transparent colour would be written with it
    return picture


def resized(output):
    source = Image.fromarray(rgb_values(61, 45))
    source.save(output / "source.png")
    sizes = [(61, 45), (64, 48), (61, 20), (122, 45), (61, 91), (13, 9), (200, 7), (3, 150), (1, 1), (60, 46), (128, 128)]
    sizes += [(50, 22), (50, 23), (62, 44)]  # where Pillow 13 begins to resize columns first
    for name, kind in (("lanczos", Image.Resampling.LANCZOS), ("bicubic", Image.Resampling.BICUBIC)):
        for width, height in sizes:
            source.resize((width, height), kind).save(output / f"{name}_{width}x{height}.png")
    source.convert("L").save(output.parent / "luminance.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    for folder in ("files", "expected", "resized"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    for files in (png_files, jpeg_files, webp_files, gif_files, bmp_files, tiff_files):
        for name, file in files():
            try:
                picture = expected(file)
            except Exception as problem:
                raise RuntimeError(f"Pillow does not read {name}") from problem
            (output / "files" / name).write_bytes(file)
            picture.save(output / "expected" / f"{name}.png")
    resized(output / "resized")


if __name__ == "__main__":
    main()
