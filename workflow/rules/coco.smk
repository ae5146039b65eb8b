# What COCO says of the images: captions, objects, persons; and the objects of a detector.


rule index_coco_captions:
    """COCO's captions of every NSD image, in the order of the images."""
    input:
        unpack(inputs("index_coco_captions")),
    output:
        FLOW["index_coco_captions"].output,
    log:
        log_of(FLOW["index_coco_captions"].output),
    benchmark:
        benchmark_of(FLOW["index_coco_captions"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        spec=spec("index_coco_captions"),
        command=command("index_coco_captions"),
    shell:
        run("index_coco_captions")


rule read_coco_objects:
    """COCO's objects in NSD images, in COCO's picture and in the shown square."""
    input:
        unpack(inputs("read_coco_objects")),
    output:
        FLOW["read_coco_objects"].output,
    log:
        log_of(FLOW["read_coco_objects"].output),
    benchmark:
        benchmark_of(FLOW["read_coco_objects"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        spec=spec("read_coco_objects"),
        command=command("read_coco_objects"),
    shell:
        run("read_coco_objects")


rule index_coco_objects:
    """The published list of objects."""
    input:
        unpack(inputs("index_coco_objects")),
    output:
        FLOW["index_coco_objects"].output,
    log:
        log_of(FLOW["index_coco_objects"].output),
    benchmark:
        benchmark_of(FLOW["index_coco_objects"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        spec=spec("index_coco_objects"),
        command=command("index_coco_objects"),
    shell:
        run("index_coco_objects")


rule index_coco_persons:
    """The published list of people, with their keypoints."""
    input:
        unpack(inputs("index_coco_persons")),
    output:
        FLOW["index_coco_persons"].output,
    log:
        log_of(FLOW["index_coco_persons"].output),
    benchmark:
        benchmark_of(FLOW["index_coco_persons"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        spec=spec("index_coco_persons"),
        command=command("index_coco_persons"),
    shell:
        run("index_coco_persons")


if SETTINGS.objects.backend == "coco_instances":

    rule list_scene_objects:
        """Objects in the shown pictures, as COCO lists them."""
        input:
            unpack(inputs("list_scene_objects")),
        output:
            FLOW["list_scene_objects"].output,
        log:
            log_of(FLOW["list_scene_objects"].output),
        benchmark:
            benchmark_of(FLOW["list_scene_objects"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("list_scene_objects"),
            command=command("list_scene_objects"),
        shell:
            run("list_scene_objects")

else:

    rule detect_scene_objects:
        """Objects in the shown pictures, as a detector finds them."""
        input:
            unpack(inputs("detect_scene_objects")),
        output:
            FLOW["detect_scene_objects"].output,
        log:
            log_of(FLOW["detect_scene_objects"].output),
        benchmark:
            benchmark_of(FLOW["detect_scene_objects"].output)
        conda:
            MODELS_ENVIRONMENT
        threads: SETTINGS.resources.threads
        resources:
            mem_mb=SETTINGS.resources.memory_mb,
            runtime=1440,
        params:
            spec=spec("detect_scene_objects"),
            command=command("detect_scene_objects"),
        shell:
            run("detect_scene_objects")
