# Captions and short answers about images, of every dataset.

NSD_TEXTS_MB = memory_of_texts("describe_nsd")
IMAGE_TEXTS_MB = memory_of_texts("describe_images")


rule index_bold5000_images:
    """Every image of BOLD5000, from the lists of what each subject was shown."""
    input:
        unpack(inputs("index_bold5000_images")),
    output:
        FLOW["index_bold5000_images"].output,
    log:
        log_of(FLOW["index_bold5000_images"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_bold5000_images"),
        command=command("index_bold5000_images"),
    shell:
        run("index_bold5000_images")


rule index_things_images:
    """Every image of THINGS, from the folder of its pictures."""
    input:
        unpack(inputs("index_things_images")),
    output:
        FLOW["index_things_images"].output,
    log:
        log_of(FLOW["index_things_images"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_things_images"),
        command=command("index_things_images"),
    shell:
        run("index_things_images")


rule describe_nsd:
    """What a model, a user's table or fixed rules say of every NSD image, to one prompt."""
    input:
        unpack(inputs("describe_nsd")),
    output:
        FLOW["describe_nsd"].output,
    log:
        log_of(FLOW["describe_nsd"].output),
    benchmark:
        benchmark_of(FLOW["describe_nsd"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=NSD_TEXTS_MB,
        runtime=2880,
        gpu=GPU,
    params:
        spec=spec("describe_nsd"),
        command=command("describe_nsd"),
    shell:
        run("describe_nsd")


rule describe_images:
    """What a model, a user's table or fixed rules say of every image of a dataset."""
    input:
        unpack(inputs("describe_images")),
    output:
        FLOW["describe_images"].output,
    log:
        log_of(FLOW["describe_images"].output),
    benchmark:
        benchmark_of(FLOW["describe_images"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=IMAGE_TEXTS_MB,
        runtime=1440,
        gpu=GPU,
    params:
        spec=spec("describe_images"),
        command=command("describe_images"),
    shell:
        run("describe_images")


rule publish_captions:
    """Generated captions in the published layout, with corrections by hand put in last."""
    input:
        unpack(inputs("publish_captions")),
    output:
        FLOW["publish_captions"].output,
    log:
        log_of(FLOW["publish_captions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("publish_captions"),
        command=command("publish_captions"),
    shell:
        run("publish_captions")


rule parse_answers:
    """Short answers about every NSD image: an allowed one, or `unparsed`."""
    input:
        unpack(inputs("parse_answers")),
    output:
        FLOW["parse_answers"].output,
    log:
        log_of(FLOW["parse_answers"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("parse_answers"),
        command=command("parse_answers"),
    shell:
        run("parse_answers")
