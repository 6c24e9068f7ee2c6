// Why: numbers and pictures go into letters, slides and spreadsheets. Guarantees: a picture looks as the chart does now, on its
// background, twice as fine as on screen, and says what it shows and what its colours mean; nothing leaves the browser.

export function save(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A file's name out of what it shows. */
export function fileName(...parts: (string | null)[]): string {
  return parts
    .filter((part) => part)
    .join(" ")
    .normalize("NFKD")
    .replace(/[^\w]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
}

const PAINTED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-family",
  "font-size", "font-weight", "text-anchor", "dominant-baseline", "visibility", "display"];

/** A copy that needs no style sheet. */
function painted(chart: SVGSVGElement): SVGSVGElement {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of PAINTED) to[i]!.setAttribute(name, style.getPropertyValue(name));
  });
  return copy;
}

const MARGIN = 16;
const SCALE = 2;
const KEY = 14;

/** What is written above a picture: text, and keys of colours before it. */
interface Word {
  text: string;
  color?: string;
  font: string;
  key?: { color: string; line: boolean; dashed: boolean; opacity: number };
}

/** Words in lines that fit, from the top down: [x, y, word], and how high they are. */
function laid(context: CanvasRenderingContext2D, words: Word[], width: number, line: number, gap: number): { places: [number, number, Word][]; height: number } {
  const places: [number, number, Word][] = [];
  let [x, y] = [0, 0];
  for (const word of words) {
    context.font = word.font;
    const size = context.measureText(word.text).width + (word.key ? KEY + 4 : 0);
    if (x > 0 && x + size > width) [x, y] = [0, y + line];
    places.push([x, y, word]);
    x += size + gap;
  }
  return { places, height: words.length > 0 ? y + line : 0 };
}

/** The keys of a panel's colours, as they are painted. */
function keysOf(panel: Element, font: string): Word[] {
  return [...panel.querySelectorAll(".legend li")].map((item) => {
    const [key, style] = [item.querySelector(".key")!, getComputedStyle(item.querySelector(".key")!)];
    const line = /\b(line|dashed)\b/.test(key.className);
    return {
      text: item.textContent ?? "", font, color: getComputedStyle(item).color,
      key: { color: line ? style.borderTopColor : style.backgroundColor, line, dashed: key.classList.contains("dashed"), opacity: Number(style.opacity) },
    };
  });
}

function paintKey(context: CanvasRenderingContext2D, x: number, y: number, { color, line, dashed, opacity }: NonNullable<Word["key"]>): void {
  context.globalAlpha = opacity;
  if (line) {
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.setLineDash(dashed ? [4, 3] : []);
    context.beginPath();
    context.moveTo(x, y - 4);
    context.lineTo(x + KEY, y - 4);
    context.stroke();
  } else {
    context.fillStyle = color;
    context.fillRect(x, y - 9, 10, 10);
  }
  context.globalAlpha = 1;
}

/** A panel's chart with its heading and its keys as a PNG. */
export async function picture(panel: HTMLElement, chart: SVGSVGElement, title: string, subtitle: string): Promise<Blob> {
  const { width, height } = chart.getBoundingClientRect();
  const svg = painted(chart);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(panel);
  const words = (text: string, font: string): Word[] => text.split(" ").filter(Boolean).map((each) => ({ text: each, font: `${font} ${style.fontFamily}` }));
  const blocks = [
    laid(context, words(title, "600 15px"), width, 20, 4),
    laid(context, words(subtitle, "12px"), width, 17, 3),
    laid(context, keysOf(panel, `12px ${style.fontFamily}`), width, 18, 14),
  ];
  const top = MARGIN + blocks.reduce((sum, block) => sum + block.height, 0) + 8;
  canvas.width = (width + 2 * MARGIN) * SCALE;
  canvas.height = (top + height + MARGIN) * SCALE;
  context.scale(SCALE, SCALE);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  let base = MARGIN + 14;
  for (const { places, height: block } of blocks) {
    for (const [x, y, { text, font, color, key }] of places) {
      if (key) paintKey(context, MARGIN + x, base + y, key);
      context.font = font;
      context.fillStyle = color ?? style.color;
      context.fillText(text, MARGIN + x + (key ? KEY + 4 : 0), base + y);
    }
    base += block;
  }
  context.drawImage(image, MARGIN, top, width, height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture could be made"))), "image/png"),
  );
}
