# SPDX-License-Identifier: Apache-2.0
"""The outcome of bench/run as an SVG chart: CPU seconds by tool (logarithmic bars), and how maskcheck's cost grows."""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW = 900, 250, 150, 26


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def scale(values):
    """A function from value to 0..1, logarithmic, and the powers of ten inside."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    return (lambda v: (math.log10(v) - low) / (high - low)), [10.0**p for p in range(low, high + 1)]


def bars(tools, top):
    rows = sorted((t for t in tools if t["cpu"] > 0), key=lambda t: t["cpu"])
    if not rows:
        return [], top
    place, ticks = scale([t["cpu"] for t in rows])
    span, out, bottom = WIDTH - LEFT - RIGHT, [], top + ROW * len(rows)
    for tick in ticks:
        x = LEFT + span * place(tick)
        out.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        out.append(text(x, bottom + 16, f"{tick:g} s", "middle"))
    for i, tool in enumerate(rows):
        y, width = top + ROW * i, max(2.0, span * place(tool["cpu"]))
        colour = "#2a6" if tool["name"].startswith("maskcheck") else "#999"
        out.append(f'<rect x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" fill="{colour}"/>')
        out.append(text(LEFT - 8, y + 18, tool["name"], "end"))
        ratio = f" ({tool['ratio']:.3g}x)" if tool.get("ratio") else ""
        out.append(text(LEFT + width + 6, y + 18, f"{tool['cpu']:.3g} s{ratio}"))
    return out, bottom + 30


def curve(points, x_name, top, left, width, height=200):
    """CPU seconds over what it grows with; both axes logarithmic."""
    points = [p for p in points if p["x"] > 0 and p["cpu"] > 0]
    if len(points) < 2:
        return []
    place_x, ticks_x = scale([p["x"] for p in points])
    place_y, ticks_y = scale([p["cpu"] for p in points])
    at = lambda p: (left + width * place_x(p["x"]), top + height * (1 - place_y(p["cpu"])))
    out = [f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#aaa"/>']
    for tick in ticks_x:
        out.append(text(left + width * place_x(tick), top + height + 16, f"{tick:g}", "middle"))
    for tick in ticks_y:
        out.append(text(left - 6, top + height * (1 - place_y(tick)) + 4, f"{tick:g} s", "end"))
    line = " ".join("%.1f,%.1f" % at(p) for p in points)
    out.append(f'<polyline points="{line}" fill="none" stroke="#2a6"/>')
    out += ['<circle cx="%.1f" cy="%.1f" r="3" fill="#2a6"/>' % at(p) for p in points]
    out.append(text(left + width / 2, top + height + 34, x_name, "middle"))
    return out


def svg(result):
    corpus = result["corpus"]
    title = f"CPU time over {corpus['files']} files, {corpus['bytes'] / 1e6:.0f} MB; in brackets: times maskcheck on one thread"
    body, top = bars(result["tools"], 40)
    growth = result["growth"]
    body += curve(growth["files"], "number of files", top + 20, 80, 300)
    body += curve(growth["size"], "size of one file, bytes", top + 20, 520, 300)
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + 280}" font-family="sans-serif" font-size="12">',
         f'<rect width="{WIDTH}" height="{top + 280}" fill="white"/>', text(10, 24, title, extra='font-size="15"')]
        + body + ["</svg>", ""])
