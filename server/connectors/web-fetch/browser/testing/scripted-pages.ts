/** A page of which `code` writes the lines, with `say`. */
export const script = (code: string): string => `<!doctype html><title>T</title><div id=out></div><script>
const out = document.getElementById("out");
const say = (text) => { const line = document.createElement("p"); line.textContent = text; out.append(line); };
${code}</script>`;
/** Whatever a page can think of to reach a place that is not its own. */
export const reaching = (port: number, udpPort: number): string =>
  script(`
  const to = "127.0.0.1:${port}";
  const tries = [
    ["fetch", () => fetch("http://" + to + "/fetch")],
    ["post", () => fetch("http://" + to + "/post", { method: "POST", mode: "no-cors", body: "x" })],
    ["own post", () => fetch("/post", { method: "POST", body: "x" })],
    ["localhost", () => fetch("http://localhost:${port}/x")],
    ["redirect", () => fetch("/to-inside")],
    ["worker", () => new Promise((yes, no) => {
      const worker = new Worker(URL.createObjectURL(new Blob(["fetch('http://" + to + "/worker').then(() => postMessage('in'), () => postMessage('out'))"])));
      worker.onmessage = ({ data }) => (data === "in" ? yes() : no());
    })],
    ["socket", () => new Promise((yes, no) => { const socket = new WebSocket("ws://" + to + "/ws"); socket.onopen = yes; socket.onerror = no; })],
    ["window", () => new Promise((yes, no) => (window.open("http://" + to + "/window") ? yes() : no()))],
    ["image", () => new Promise((yes, no) => { const image = new Image(); image.onload = () => (image.naturalWidth > 1 ? yes() : no()); image.onerror = no; image.src = "http://" + to + "/image"; })],
  ];
  for (const [name, go] of tries) go().then(() => say(name + ": in"), () => say(name + ": out"));
  navigator.sendBeacon("http://" + to + "/beacon", "x");
  new EventSource("http://" + to + "/events");
  for (const html of ["<iframe src='http://" + to + "/frame'></iframe>", "<link rel=preconnect href='http://" + to + "'>", "<link rel=prefetch href='http://" + to + "/ahead'>",
    "<object data='http://" + to + "/object'></object>", "<video src='http://" + to + "/video'></video>", "<link rel=stylesheet href='http://" + to + "/style'>"])
    document.body.insertAdjacentHTML("beforeend", html);
  const stun = document.createElement("iframe");
  stun.sandbox = "allow-scripts";
  stun.srcdoc = "<script>const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${udpPort}' }] }); peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer));<" + "/script>";
  document.body.append(stun);
  navigator.serviceWorker.register("/worker.js").then(() => say("service worker: in"), () => say("service worker: out"));
  setTimeout(() => { location.href = "http://" + to + "/location"; }, 300);
  setTimeout(() => fetch("/late"), 600);
  `);
