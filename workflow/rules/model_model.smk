# The comparison of language with vision models.


rule compare_models:
    """All layers of all language models with those of all vision models, on some batches."""
    input:
        unpack(inputs("compare_models")),
    output:
        FLOW["compare_models"].output,
    log:
        log_of(FLOW["compare_models"].output),
    benchmark:
        benchmark_of(FLOW["compare_models"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=480,
    params:
        spec=spec("compare_models"),
        command=command("compare_models"),
    shell:
        run("compare_models")


rule join_model_model:
    """The published table: all pairs of models and batches."""
    input:
        unpack(inputs("join_model_model")),
    output:
        FLOW["join_model_model"].output,
    log:
        log_of(FLOW["join_model_model"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("join_model_model"),
        command=command("join_model_model"),
    shell:
        run("join_model_model")
