import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While developing: `npm run dev`, with Hark beside it on its usual port.
const server = process.env["HARK_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What pages share are a few files: browsers ask for six at a time, and forty small ones took a fifth of a second.
        codeSplitting: { groups: [{ name: "shared", test: /node_modules\/(@mantine|@tabler|@floating-ui|@tanstack)|src\/(shell|i18n|api)\//, minShareCount: 3 }] },
      },
    },
  },
  server: { proxy: { "/v3": server, "/openapi.json": server } },
});
