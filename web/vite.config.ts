import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  // The domain's words come from its source; nothing of it but that reaches the page.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  plugins: [react(), tailwindcss()],
  // Inlined data: URLs would need a wider content security policy.
  build: { outDir: 'dist', assetsInlineLimit: 0, sourcemap: false },
});
