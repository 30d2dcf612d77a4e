import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Inlined data: URLs would need a wider content security policy.
  build: { outDir: 'dist', assetsInlineLimit: 0, sourcemap: false },
});
