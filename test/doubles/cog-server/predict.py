"""A predictor that draws. Whatever really ran is on the bill: a line of the file `bill` in the temporary folder."""

import asyncio
import os
import tempfile
from typing import List

from cog import BaseRunner, Input, Path
from PIL import Image, ImageDraw

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


class Runner(BaseRunner):
    def setup(self) -> None:
        pass

    async def run(
        self,
        prompt: str = Input(description="What to draw"),
        width: int = Input(default=512, ge=64, le=2048),
        height: int = Input(default=512, ge=64, le=2048),
        num_outputs: int = Input(default=1, ge=1, le=4),
        seed: int = Input(default=0),
        output_format: str = Input(default="png", choices=["png", "jpg", "webp"]),
    ) -> List[Path]:
        with open(os.path.join(tempfile.gettempdir(), "bill"), "a", encoding="utf-8") as bill:
            bill.write(f"{seed}\n")
        await asyncio.sleep(float(os.environ.get("COG_SECONDS", "0.3")))
        if "raise" in prompt:
            raise RuntimeError("the model raised")
        if "crash" in prompt:
            os._exit(1)
        folder = tempfile.mkdtemp(prefix="darkroom-cog-")
        pictures = []
        for index in range(num_outputs):
            color = ((seed * 40 + index * 90) % 256, (seed * 7) % 256, 160)
            picture = Image.new("RGB", (width, height), color)
            ImageDraw.Draw(picture).ellipse((width // 4, height // 4, width // 2, height // 2), fill="white")
            path = os.path.join(folder, f"{index}.{output_format}")
            picture.save(path, FORMATS[output_format])
            pictures.append(Path(path))
        return pictures
