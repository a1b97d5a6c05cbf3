import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While developing: `npm run dev`, with Hark beside it on its usual port.
const server = process.env["HARK_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/v3": server, "/openapi.json": server } },
});
