# The stimuli of LAION-fMRI: the seven files that are derived from them, and the validator.


rule embed_laion_images:
    """One embedding of all pictures of LAION-fMRI, in the published layout."""
    input:
        unpack(inputs("embed_laion_images")),
    output:
        FLOW["embed_laion_images"].output,
    log:
        log_of(FLOW["embed_laion_images"].output),
    benchmark:
        benchmark_of(FLOW["embed_laion_images"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=1440,
        gpu=GPU,
    params:
        spec=spec("embed_laion_images"),
        command=command("embed_laion_images"),
    shell:
        run("embed_laion_images")


rule segment_laion_images:
    """Masks of what nouns name in the shared images of LAION-fMRI, and their table."""
    input:
        unpack(inputs("segment_laion_images")),
    output:
        main=FLOW["segment_laion_images"].output,
        table=FLOW["segment_laion_images"].extra_outputs["table"],
    log:
        log_of(FLOW["segment_laion_images"].output),
    benchmark:
        benchmark_of(FLOW["segment_laion_images"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=1440,
        gpu=GPU,
    params:
        spec=spec("segment_laion_images"),
        command=command("segment_laion_images"),
    shell:
        run("segment_laion_images")


if "describe_laion_images" in FLOW.steps:
    LAION_TEXTS_MB = memory_of_texts("describe_laion_images")

    rule describe_laion_images:
        """What a model says of the shared images of LAION-fMRI."""
        input:
            unpack(inputs("describe_laion_images")),
        output:
            FLOW["describe_laion_images"].output,
        log:
            log_of(FLOW["describe_laion_images"].output),
        benchmark:
            benchmark_of(FLOW["describe_laion_images"].output)
        conda:
            MODELS_ENVIRONMENT
        threads: SETTINGS.resources.threads
        resources:
            mem_mb=LAION_TEXTS_MB,
            runtime=1440,
            gpu=GPU,
        params:
            spec=spec("describe_laion_images"),
            command=command("describe_laion_images"),
        shell:
            run("describe_laion_images")


rule merge_laion_captions:
    """Captions of LAION-fMRI by people and of a model, merged into the published table."""
    input:
        unpack(inputs("merge_laion_captions")),
    output:
        FLOW["merge_laion_captions"].output,
    log:
        log_of(FLOW["merge_laion_captions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("merge_laion_captions"),
        command=command("merge_laion_captions"),
    shell:
        run("merge_laion_captions")


rule compare_laion_embeddings:
    """How near embeddings come to the released ones, by kind of image."""
    input:
        unpack(inputs("compare_laion_embeddings")),
    output:
        FLOW["compare_laion_embeddings"].output,
    log:
        log_of(FLOW["compare_laion_embeddings"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("compare_laion_embeddings"),
        command=command("compare_laion_embeddings"),
    shell:
        run("compare_laion_embeddings")


rule validate_laion:
    """Whether the files of LAION-fMRI hold what their readers take for granted."""
    input:
        unpack(inputs("validate_laion")),
    output:
        main=FLOW["validate_laion"].output,
        json=FLOW["validate_laion"].extra_outputs["json"],
        tsv=FLOW["validate_laion"].extra_outputs["tsv"],
    log:
        log_of(FLOW["validate_laion"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        spec=spec("validate_laion"),
        command=command("validate_laion"),
    shell:
        run("validate_laion")
