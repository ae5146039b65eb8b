# Comparisons of subjects and models on the mean responses to images, whatever the dataset.


rule compute_image_rdms:
    """RDM vectors of all regions of a subject on shared images."""
    input:
        unpack(inputs("compute_image_rdms")),
    output:
        RDM_FOLDER(FLOW["compute_image_rdms"].output),
    log:
        log_of(FLOW["compute_image_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compute_image_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=120,
    params:
        spec=spec("compute_image_rdms"),
        command=command("compute_image_rdms"),
    shell:
        run("compute_image_rdms")


rule compare_images:
    """All regions of a subject with other subjects, models and itself, image by image."""
    input:
        unpack(inputs("compare_images")),
    output:
        FLOW["compare_images"].output,
    log:
        log_of(FLOW["compare_images"].output),
    benchmark:
        benchmark_of(FLOW["compare_images"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
        gpu=GPU,
    params:
        spec=spec("compare_images"),
        command=command("compare_images"),
    shell:
        run("compare_images")


rule join_rsa_images:
    """A table of comparisons of images: all subjects."""
    input:
        unpack(inputs("join_rsa_images")),
    output:
        FLOW["join_rsa_images"].output,
    log:
        log_of(FLOW["join_rsa_images"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("join_rsa_images"),
        command=command("join_rsa_images"),
    shell:
        run("join_rsa_images")


rule compare_image_rdms:
    """All regions of all pairs of subjects on mean responses to images."""
    input:
        unpack(inputs("compare_image_rdms")),
    output:
        FLOW["compare_image_rdms"].output,
    log:
        log_of(FLOW["compare_image_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compare_image_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=60,
    params:
        spec=spec("compare_image_rdms"),
        command=command("compare_image_rdms"),
    shell:
        run("compare_image_rdms")
