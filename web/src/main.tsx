import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isPassing } from './api/client.js';
import { Gallery } from './gallery/gallery.js';
import './style.css';

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (failures, error) => failures < 2 && isPassing(error), refetchOnWindowFocus: true },
  },
});
const place = document.getElementById('gallery');
if (!place) throw new Error('index.html has lost its #gallery');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Gallery />
    </QueryClientProvider>
  </StrictMode>,
);
