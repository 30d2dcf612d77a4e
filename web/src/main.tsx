import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isPassing } from './api/client.js';
import { App } from './app.js';
import '@fontsource-variable/geist';
import './style.css';

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (failures, error) => failures < 2 && isPassing(error), refetchOnWindowFocus: true },
  },
});
const place = document.getElementById('app');
if (!place) throw new Error('index.html has lost its #app');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
