# The comparison of subjects with untrained models.


rule compare_untrained:
    """All regions of a subject with all layers of an untrained model, session by session."""
    input:
        unpack(inputs("compare_untrained")),
    output:
        FLOW["compare_untrained"].output,
    log:
        log_of(FLOW["compare_untrained"].output),
    benchmark:
        benchmark_of(FLOW["compare_untrained"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
        gpu=GPU,
    params:
        spec=spec("compare_untrained"),
        command=command("compare_untrained"),
    shell:
        run("compare_untrained")


rule join_cka_untrained:
    """The published table: all untrained models and subjects."""
    input:
        unpack(inputs("join_cka_untrained")),
    output:
        FLOW["join_cka_untrained"].output,
    log:
        log_of(FLOW["join_cka_untrained"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_cka_untrained"),
        command=command("join_cka_untrained"),
    shell:
        run("join_cka_untrained")
