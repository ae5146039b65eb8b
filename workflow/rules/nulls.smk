# Permutation nulls, reduced as they are computed, and p-values.


rule compute_subject_null:
    """Null of mean inter-subject similarity, for a block of regions."""
    input:
        unpack(inputs("compute_subject_null")),
    output:
        FLOW["compute_subject_null"].output,
    log:
        log_of(FLOW["compute_subject_null"].output),
    benchmark:
        benchmark_of(FLOW["compute_subject_null"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=480,
        gpu=GPU,
    params:
        spec=spec("compute_subject_null"),
        command=command("compute_subject_null"),
    shell:
        run("compute_subject_null")


rule compute_model_null:
    """Null of the largest similarity over layers, for a subject and a model."""
    input:
        unpack(inputs("compute_model_null")),
    output:
        FLOW["compute_model_null"].output,
    log:
        log_of(FLOW["compute_model_null"].output),
    benchmark:
        benchmark_of(FLOW["compute_model_null"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=480,
        gpu=GPU,
    params:
        spec=spec("compute_model_null"),
        command=command("compute_model_null"),
    shell:
        run("compute_model_null")


rule join_subject_null:
    """The inter-subject null of all regions."""
    input:
        unpack(inputs("join_subject_null")),
    output:
        FLOW["join_subject_null"].output,
    log:
        log_of(FLOW["join_subject_null"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_subject_null"),
        command=command("join_subject_null"),
    shell:
        run("join_subject_null")


rule join_model_null:
    """The null of all models of a modality, averaged as the observed values are."""
    input:
        unpack(inputs("join_model_null")),
    output:
        FLOW["join_model_null"].output,
    log:
        log_of(FLOW["join_model_null"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_model_null"),
        command=command("join_model_null"),
    shell:
        run("join_model_null")


rule compute_rsa_pvalues:
    """P-values of inter-subject, language and vision similarity."""
    input:
        unpack(inputs("compute_rsa_pvalues")),
    output:
        FLOW["compute_rsa_pvalues"].output,
    log:
        log_of(FLOW["compute_rsa_pvalues"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("compute_rsa_pvalues"),
        command=command("compute_rsa_pvalues"),
    shell:
        run("compute_rsa_pvalues")
