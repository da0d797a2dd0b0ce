"""The Chinese catalogue; `en.py` holds the same keys with the same parameters."""

SENTENCES: dict[str, str] = {
    # 单张胶片
    "film-empty": "文件为空;应为 PNG、JPEG 或 TIFF 图像",
}
