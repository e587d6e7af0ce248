"""Makes the images of the examples: an invented stretch of coast, as a satellite might see it.

    .venv/bin/python runtime/make-example-scene.py examples/data

Nothing in them is measured. The same numbers come out at every run: one fixed seed, no clock.
Bands: blue, green, red, near infrared; reflectance times 10,000 in 16 bits; 0 is "no data".
"""

import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import from_bounds

WEST, SOUTH, EAST, NORTH = -4.6, 53.0, -4.3, 53.3
SIZE = 512
BANDS = ("blue", "green", "red", "nir")

# What each surface reflects in the four bands.
WATER = np.array([620, 520, 300, 140])
SHALLOWS = np.array([900, 1050, 560, 220])
SAND = np.array([1700, 2050, 2400, 2900])
SOIL = np.array([950, 1250, 1650, 2250])
CROP = np.array([330, 720, 380, 4300])
WOOD = np.array([230, 430, 280, 2900])
TOWN = np.array([1450, 1500, 1620, 1950])


def noise(rng: np.random.Generator, roughness: float) -> np.ndarray:
    """Smooth hills from -1 to 1; a larger roughness gives finer ones."""
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)[None, :])
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.standard_normal((SIZE, SIZE))) / frequency ** (3 - roughness)
    spectrum[0, 0] = 0
    hills = np.fft.ifft2(spectrum).real
    return hills / np.abs(hills).max()


def fields(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel the number of its field, and whether it is in the hedge between two."""
    y, x = np.mgrid[:SIZE, :SIZE]
    nearest = np.full((SIZE, SIZE), np.inf)
    second = np.full((SIZE, SIZE), np.inf)
    number = np.zeros((SIZE, SIZE), dtype=int)
    for index, (cy, cx) in enumerate(rng.uniform(0, SIZE, (count, 2))):
        distance = np.abs(y - cy) + 0.8 * np.abs(x - cx)
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        number[closer] = index
        nearest = np.where(closer, distance, nearest)
    return number, second - nearest < 1.6


def paint(image: np.ndarray, where: np.ndarray, colour: np.ndarray) -> None:
    image[:, where] = colour[:, None] if colour.ndim == 1 else colour[:, where]


def blend(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    return low[:, None, None] + (high - low)[:, None, None] * share


def scene(growth: float, season: int) -> np.ndarray:
    """The coast with its crops at `growth` (0 bare soil to 1 full green); `season` varies the fields."""
    rng = np.random.default_rng(53)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    height = 0.9 * noise(rng, 0.6) + 1.5 * (x - 0.3) + 0.25 * np.sin(5 * y)
    moisture = noise(rng, 0.9)
    number, hedge = fields(rng, 420)
    texture = rng.standard_normal((SIZE, SIZE))
    river = np.abs(y - 0.62 - 0.09 * np.sin(7 * x) - 0.05 * moisture) < 0.003 + 0.006 * (1 - x)
    town = np.hypot((x - 0.47) * 1.1, y - 0.6) < 0.06 + 0.045 * moisture

    year = np.random.default_rng(season)
    vigour = np.clip(growth + year.normal(0, 0.3, 420), 0, 1)[number] + 0.06 * moisture + 0.02 * texture

    image = blend(SOIL, CROP, np.clip(vigour, 0, 1))
    paint(image, hedge, WOOD * 1.15)
    paint(image, moisture - 0.35 * (height - 1) < -0.22, WOOD)
    paint(image, town, TOWN)
    streets = town & ((np.indices((SIZE, SIZE)).sum(axis=0) % 9 < 2) | (np.indices((SIZE, SIZE))[0] % 11 < 2))
    paint(image, streets, TOWN * 0.7)
    paint(image, river, SHALLOWS)
    paint(image, height < 0.035, SAND)
    paint(image, height < 0.012, blend(SHALLOWS, WATER, np.clip(-6 * height, 0, 1)))
    image *= 1 + 0.02 * texture + 0.02 * moisture
    # Steps of 10 are finer than any sensor's error, and compress well.
    return np.clip(np.round(image / 10) * 10, 10, 10_000).astype("uint16")


def swath(image: np.ndarray) -> None:
    """The slanted edge of the satellite's path: no data to the east of it."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    image[:, x + 0.12 * y > 1.06] = 0


def clouds(image: np.ndarray, season: int) -> None:
    """Masked clouds: no data where they were."""
    image[:, noise(np.random.default_rng(season), 0.8) > 0.5] = 0


def write(path: Path, image: np.ndarray, date: str) -> None:
    """Writes a Cloud Optimized GeoTIFF: tiles of 128 pixels, overviews, deflate."""
    _, height, width = image.shape
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": len(BANDS), "width": width, "height": height,
        "crs": "EPSG:4326", "transform": from_bounds(WEST, SOUTH, EAST, NORTH, width, height), "nodata": 0,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as draft:
            draft.write(image)
            draft.descriptions = BANDS
            draft.update_tags(ACQUISITION_DATE=date, DESCRIPTION="Invented scene, nothing in it is measured")
        with memory.open() as draft:
            copy(draft, path, driver="COG", compress="DEFLATE", level=9, predictor="YES",
                 blocksize=128, overview_resampling="AVERAGE", num_threads=1)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def halved(image: np.ndarray) -> np.ndarray:
    return image[:, ::2, ::2]


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    now = scene(growth=0.55, season=2025)
    swath(now)
    write(folder / "scene.tif", now, "2025-06-18")

    dry = scene(growth=0.3, season=2023)
    write(folder / "scene-2023.tif", halved(dry), "2023-06-21")

    wet = scene(growth=0.75, season=2024)
    clouds(wet, season=7)
    write(folder / "scene-2024.tif", halved(wet), "2024-06-15")


if __name__ == "__main__":
    main()
