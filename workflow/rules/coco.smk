# What COCO says of the images: captions, objects, persons; and the objects of a detector.
