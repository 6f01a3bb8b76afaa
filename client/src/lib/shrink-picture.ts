/** A picture as runs take it. */
export interface SmallPicture {
  readonly name: string;
  readonly mediaType: "image/png" | "image/jpeg" | "image/webp" | "image/gif";
  /** Its bytes in base64. */
  readonly data: string;
}

/** Models look at about this many pixels a side; more only costs. */
const longestSide = 1_568;
/** Characters of base64 that four pictures may have in one request. */
const longestData = 220_000;
const qualities = [0.85, 0.7, 0.5, 0.3];
const kept: readonly string[] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/** Makes a picture small enough to be given to a model; one that is stays as it is. Throws when it is no picture. */
export async function shrinkPicture(file: File): Promise<SmallPicture> {
  const name = file.name === "" ? "picture" : file.name.slice(-120);
  const bitmap = await createImageBitmap(file);
  try {
    const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && isKept(file.type)) {
      const data = await toBase64(file);
      if (data.length <= longestData) return { name, mediaType: file.type, data };
    }
    return { name, mediaType: "image/jpeg", data: await asJpeg(bitmap, scale) };
  } finally {
    bitmap.close();
  }
}

function isKept(type: string): type is SmallPicture["mediaType"] {
  return kept.includes(type);
}

async function asJpeg(bitmap: ImageBitmap, firstScale: number): Promise<string> {
  for (let scale = firstScale; ; scale /= 2) {
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(bitmap.width * scale)),
      Math.max(1, Math.round(bitmap.height * scale)),
    );
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser cannot draw the picture");
    context.fillStyle = "white"; // what is transparent would turn black
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    for (const quality of qualities) {
      const data = await toBase64(await canvas.convertToBlob({ type: "image/jpeg", quality }));
      if (data.length <= longestData) return data;
    }
  }
}

function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const address = typeof reader.result === "string" ? reader.result : "";
      resolve(address.slice(address.indexOf(",") + 1));
    });
    reader.addEventListener("error", () => {
      reject(reader.error ?? new Error("The picture cannot be read"));
    });
    reader.readAsDataURL(blob);
  });
}
