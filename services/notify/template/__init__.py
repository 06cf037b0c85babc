"""模板: the words of a notification, named, versioned, in Chinese and English (N2)."""
