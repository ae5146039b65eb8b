# Feature extraction, one job a model. A job that was stopped goes on where it was.


rule extract_vision_features:
    """Features of all pictures from every block of a vision model."""
    input:
        unpack(inputs("extract_vision_features")),
    output:
        FLOW["extract_vision_features"].output,
    log:
        log_of(FLOW["extract_vision_features"].output),
    benchmark:
        benchmark_of(FLOW["extract_vision_features"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=1440,
        gpu=GPU,
    params:
        spec=spec("extract_vision_features"),
        command=command("extract_vision_features"),
    shell:
        run("extract_vision_features")


rule extract_language_features:
    """Features of all captions from every layer of a language model."""
    input:
        unpack(inputs("extract_language_features")),
    output:
        FLOW["extract_language_features"].output,
    log:
        log_of(FLOW["extract_language_features"].output),
    benchmark:
        benchmark_of(FLOW["extract_language_features"].output)
    conda:
        MODELS_ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=1440,
        gpu=GPU,
    params:
        spec=spec("extract_language_features"),
        command=command("extract_language_features"),
    shell:
        run("extract_language_features")
