"""Exact and near duplicates: which films are one exposure, so that no group of them straddles a split."""

import numpy as np
from PIL import Image

from plainfilm.data.registration import flatten, grid, register

THUMBNAIL_SIZE_PX = 96
COARSE_SIZE_PX = 32
NUM_FREQUENCIES = 8
NUM_CANDIDATES = 10
COARSE_BAND = (0.03, 0.12)
FINE_BAND = (0.01, 0.05)
DESCRIPTOR_BAND = (0.0625, 0.2)
DESCRIPTOR_MARGIN = 0.12
BATCH = 256


def thumbnail(pixels):
    small = Image.fromarray(pixels).resize((THUMBNAIL_SIZE_PX, THUMBNAIL_SIZE_PX), Image.Resampling.BILINEAR)
    return np.asarray(small)


def _cosines(size, number):
    angle = (np.arange(size) + 0.5) * np.pi / size
    return np.cos(np.arange(number)[:, None] * angle).astype(np.float32)  # (number, size)


def zooms():
    warps = []
    for mirror in (1, -1):
        for degrees in (-4, 0, 4):
            c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
            for scale in (1.0, 0.93):
                for x, y in ((0, 0), (0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
                    warps.append([[scale * c * mirror, -scale * s, x], [scale * s * mirror, scale * c, y]])
    return np.array(warps, np.float32)


def descriptor_matrices(warps):
    """(V, 64, S*S)"""
    size = COARSE_SIZE_PX
    D = 16
    pts = grid(D).reshape(-1, 3) * np.float32([1 - DESCRIPTOR_MARGIN] * 2 + [1])
    C = _cosines(D, NUM_FREQUENCIES)
    dct = np.kron(C, C)[1:]
    out = []
    for w in warps:
        q = (pts @ w.T + 1) * size / 2 - 0.5
        wx = np.maximum(0, 1 - np.abs(q[:, 0:1] - np.arange(size)))
        wy = np.maximum(0, 1 - np.abs(q[:, 1:2] - np.arange(size)))
        M = (wy[:, :, None] * wx[:, None, :]).reshape(D * D, -1)
        out.append(dct @ M)
    return np.stack(out).astype(np.float32)


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-6)


def reduce(thumbs):
    t = thumbs.astype(np.float32)
    n = len(t)
    f = THUMBNAIL_SIZE_PX // COARSE_SIZE_PX
    return t.reshape(n, COARSE_SIZE_PX, f, COARSE_SIZE_PX, f).mean((2, 4))


def candidates(coarse):
    """first, second, warps"""
    W = zooms()
    M = descriptor_matrices(W)
    flat = flatten(coarse, *DESCRIPTOR_BAND).reshape(len(coarse), -1)
    base = unit(flat @ descriptor_matrices(np.float32([[[1, 0, 0], [0, 1, 0]]]))[0].T)
    mean = base.mean(0)
    base = unit(base - mean)
    F, S, A = [], [], []
    for i in range(0, len(flat), BATCH):
        q = unit(unit(np.einsum("bp,vdp->vbd", flat[i : i + BATCH], M, optimize=True)) - mean)  # V,B,64
        best = np.full((q.shape[1], len(base)), -1, np.float32)
        buf = np.empty_like(best)
        for v in q:
            np.matmul(v, base.T, out=buf)
            np.maximum(best, buf, out=best)
        r = np.arange(len(best))
        best[r, i + r] = -1
        k = min(NUM_CANDIDATES, len(base) - 1)
        near = np.argpartition(-best, k - 1, axis=1)[:, :k]  # B,k
        which = np.einsum("vbd,bkd->bkv", q, base[near], optimize=True).argmax(2)
        F.append(np.repeat(i + r, k))
        S.append(near.ravel())
        A.append(which.ravel())
    f, s, a = map(np.concatenate, (F, S, A))
    return f, s, W[a]


def score(thumbs, f, s, w, coarse_min=0.4, steps=(8, 3)):
    coarse = flatten(reduce(thumbs), *COARSE_BAND)
    c = np.zeros(len(f), np.float32)
    fine = c.copy()
    w = w.copy()
    for i in range(0, len(f), BATCH):
        k = slice(i, i + BATCH)
        w[k], c[k] = register(coarse[s[k]], coarse[f[k]], w[k], steps[0])
    good = np.flatnonzero(c > coarse_min)
    for i in range(0, len(good), 64):
        k = good[i : i + 64]
        a, b = (flatten(thumbs[x[k]].astype(np.float32), *FINE_BAND) for x in (s, f))
        w[k], fine[k] = register(a, b, w[k], steps[1])
    return w, c, fine
