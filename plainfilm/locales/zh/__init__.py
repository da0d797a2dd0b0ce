"""Chinese."""

NAME = "中文"
TAG = "zh-Hans"
DICOM = ("zh-CN", "Chinese (China)")
