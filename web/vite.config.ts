import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// `npm run dev` shows the page with the API of a running `ringmaster api`.
const api = process.env.RINGMASTER_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../api/static',
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy forbids inline scripts and data: addresses for all but images.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The chart, which the wallboard loads after everything else.
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/v1': { target: api, ws: true } } },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
})
