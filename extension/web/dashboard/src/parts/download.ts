// Why: numbers and pictures go into letters, slides and spreadsheets. Guarantees: a picture looks as the chart does now, on its
// background, twice as fine as on screen, and says what it shows; nothing leaves the browser.

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

const TITLE = 44;
const MARGIN = 16;
const SCALE = 2;

/** The chart and its heading as a PNG. */
export async function picture(chart: SVGSVGElement, title: string, subtitle: string): Promise<Blob> {
  const { width, height } = chart.getBoundingClientRect();
  const svg = painted(chart);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = (width + 2 * MARGIN) * SCALE;
  canvas.height = (height + TITLE + 2 * MARGIN) * SCALE;
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(chart.closest(".panel") ?? document.body);
  context.scale(SCALE, SCALE);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.color;
  context.font = `600 15px ${style.fontFamily}`;
  context.fillText(title, MARGIN, MARGIN + 14);
  context.font = `12px ${style.fontFamily}`;
  context.fillText(subtitle, MARGIN, MARGIN + 32);
  context.drawImage(image, MARGIN, MARGIN + TITLE, width, height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture could be made"))), "image/png"),
  );
}
