"""Chinese."""

NAME = "中文"
TAG = "zh-Hans"  # of HTML and HTTP, BCP 47
