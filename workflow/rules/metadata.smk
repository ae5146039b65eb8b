# Facts of the models, worked out from their architectures.


rule build_models_info:
    """Key, modality, family and name of the published models."""
    input:
        unpack(inputs("build_models_info")),
    output:
        FLOW["build_models_info"].output,
    log:
        log_of(FLOW["build_models_info"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=500,
        runtime=5,
    params:
        spec=spec("build_models_info"),
        command=command("build_models_info"),
    shell:
        run("build_models_info")


rule measure_model_sizes:
    """Parameters, layers and width of the published models."""
    input:
        unpack(inputs("measure_model_sizes")),
    output:
        FLOW["measure_model_sizes"].output,
    log:
        log_of(FLOW["measure_model_sizes"].output),
    conda:
        MODELS_ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        spec=spec("measure_model_sizes"),
        command=command("measure_model_sizes"),
    shell:
        run("measure_model_sizes")
