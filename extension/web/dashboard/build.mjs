// Why: browsers load few, small files that never change under their name, and the extension's script carries them.
// Guarantees: the same sources make the same bytes; names hold a digest of what is in the files; what is sent packed was
// packed here, as small as gzip and brotli make it; and a page larger than its budget is no page.
//
//   node build.mjs DIRECTORY    writes the files there, and files.sql, which inserts them into calytics.web_file

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const BUDGET = 250_000;
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** What the bundler makes of the sources: [name, bytes]. */
async function bundled() {
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: { calytics: "src/main.tsx" },
    outdir: "out",
    write: false,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    chunkNames: "[name]-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles.map(({ path: file, contents }) => [path.basename(file), Buffer.from(contents)]);
}

/** The same file under a name of its own for each content. */
function hashed(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  if (/-[0-9A-Z]{8}$/.test(stem)) return `/assets/${name}`;
  return `/assets/${stem}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}${ext}`;
}

async function files() {
  const names = {};
  const made = [];
  for (const [name, bytes] of [...(await bundled()), ["icon.svg", await readFile(path.join(HERE, "icon.svg"))]]) {
    const address = hashed(name, bytes);
    names[name] = address;
    made.push([address, bytes]);
  }
  const page = (await readFile(path.join(HERE, "index.html"), "utf8"))
    .replace("{{icon}}", names["icon.svg"])
    .replace("{{style}}", names["calytics.css"])
    .replace("{{script}}", names["calytics.js"])
    .replace(/\n\s*/g, "\n");
  return [["/", Buffer.from(page)], ...made];
}

function brotli(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

const literal = (bytes) => `decode('${bytes.toString("base64")}', 'base64')`;

const directory = path.resolve(process.argv[2]);
await rm(directory, { recursive: true, force: true });
await mkdir(path.join(directory, "assets"), { recursive: true });
let total = 0;
let sql = "";
for (const [address, bytes] of await files()) {
  const type = TYPES[path.extname(address)] ?? TYPES[".html"];
  const gzip = gzipSync(bytes, { level: 9 });
  total += gzip.length;
  sql += `insert into calytics.web_file (path, content_type, body, gzip, brotli) values
  ('${address}', '${type}', ${literal(bytes)},
   ${literal(gzip)},
   ${literal(brotli(bytes))});\n`;
  await writeFile(path.join(directory, address === "/" ? "index.html" : address), bytes);
}
if (total > BUDGET) throw new Error(`the dashboard takes ${total} bytes compressed; at most ${BUDGET} are allowed`);
await writeFile(path.join(directory, "files.sql"), sql);
