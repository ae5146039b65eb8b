# The comparison of subjects with tokens of captions.


rule split_captions:
    """Words or stems of the first caption of every image."""
    input:
        unpack(inputs("split_captions")),
    output:
        FLOW["split_captions"].output,
    log:
        log_of(FLOW["split_captions"].output),
    conda:
        MODELS_ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        spec=spec("split_captions"),
        command=command("split_captions"),
    shell:
        run("split_captions")


rule tokenize_captions:
    """Tokens of the first caption of every image, as a language model reads it."""
    input:
        unpack(inputs("tokenize_captions")),
    output:
        FLOW["tokenize_captions"].output,
    log:
        log_of(FLOW["tokenize_captions"].output),
    conda:
        MODELS_ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("tokenize_captions"),
        command=command("tokenize_captions"),
    shell:
        run("tokenize_captions")


rule check_tokenizers:
    """Models that one tokenizer stands for must have it."""
    input:
        unpack(inputs("check_tokenizers")),
    output:
        FLOW["check_tokenizers"].output,
    log:
        log_of(FLOW["check_tokenizers"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("check_tokenizers"),
        command=command("check_tokenizers"),
    shell:
        run("check_tokenizers")


rule compare_tokenizers:
    """RSA of all regions of a subject with all tokenizers."""
    input:
        unpack(inputs("compare_tokenizers")),
    output:
        FLOW["compare_tokenizers"].output,
    log:
        log_of(FLOW["compare_tokenizers"].output),
    benchmark:
        benchmark_of(FLOW["compare_tokenizers"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=30,
    params:
        spec=spec("compare_tokenizers"),
        command=command("compare_tokenizers"),
    shell:
        run("compare_tokenizers")


rule join_rsa_tokenizers:
    """A published table: all subjects with words and tokens of captions."""
    input:
        unpack(inputs("join_rsa_tokenizers")),
    output:
        FLOW["join_rsa_tokenizers"].output,
    log:
        log_of(FLOW["join_rsa_tokenizers"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_tokenizers"),
        command=command("join_rsa_tokenizers"),
    shell:
        run("join_rsa_tokenizers")
