# Captions and short answers about images, of every dataset.
