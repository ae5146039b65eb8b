# Kernel multi-view CCA over subjects, and what is derived from it.


rule compute_grams:
    """Inner products of a subject's responses to shared images."""
    input:
        unpack(inputs("compute_grams")),
    output:
        FLOW["compute_grams"].output,
    log:
        log_of(FLOW["compute_grams"].output),
    benchmark:
        benchmark_of(FLOW["compute_grams"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=60,
    params:
        spec=spec("compute_grams"),
        command=command("compute_grams"),
    shell:
        run("compute_grams")


rule fit_components:
    """Components that subjects share, by kernel multi-view CCA."""
    input:
        unpack(inputs("fit_components")),
    output:
        FLOW["fit_components"].output,
    log:
        log_of(FLOW["fit_components"].output),
    benchmark:
        benchmark_of(FLOW["fit_components"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=60,
    params:
        spec=spec("fit_components"),
        command=command("fit_components"),
    shell:
        run("fit_components")


rule annotate_images:
    """What is known of the images of shared components."""
    input:
        unpack(inputs("annotate_images")),
    output:
        FLOW["annotate_images"].output,
    log:
        log_of(FLOW["annotate_images"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        spec=spec("annotate_images"),
        command=command("annotate_images"),
    shell:
        run("annotate_images")


rule join_kmcca_projections:
    """A published table: images on shared components."""
    input:
        unpack(inputs("join_kmcca_projections")),
    output:
        FLOW["join_kmcca_projections"].output,
    log:
        log_of(FLOW["join_kmcca_projections"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("join_kmcca_projections"),
        command=command("join_kmcca_projections"),
    shell:
        run("join_kmcca_projections")


rule score_words:
    """A published table: words on the first component of each hub."""
    input:
        unpack(inputs("score_words")),
    output:
        FLOW["score_words"].output,
    log:
        log_of(FLOW["score_words"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        spec=spec("score_words"),
        command=command("score_words"),
    shell:
        run("score_words")


rule build_control_matrix:
    """One control matrix, from shared components and annotations."""
    input:
        unpack(inputs("build_control_matrix")),
    output:
        FLOW["build_control_matrix"].output,
    log:
        log_of(FLOW["build_control_matrix"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("build_control_matrix"),
        command=command("build_control_matrix"),
    shell:
        run("build_control_matrix")
