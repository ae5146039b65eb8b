# Brain-model alignment: session by session with every layer, and with controls held constant.


rule compute_session_rdms:
    """RDM vectors of all regions of a subject in each session."""
    input:
        unpack(inputs("compute_session_rdms")),
    output:
        RDM_FOLDER(FLOW["compute_session_rdms"].output),
    log:
        log_of(FLOW["compute_session_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compute_session_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
    params:
        spec=spec("compute_session_rdms"),
        command=command("compute_session_rdms"),
    shell:
        run("compute_session_rdms")


rule compare_model:
    """All regions of a subject with all layers of a model, session by session."""
    input:
        unpack(inputs("compare_model")),
    output:
        FLOW["compare_model"].output,
    log:
        log_of(FLOW["compare_model"].output),
    benchmark:
        benchmark_of(FLOW["compare_model"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
        gpu=GPU,
    params:
        spec=spec("compare_model"),
        command=command("compare_model"),
    shell:
        run("compare_model")


rule compute_control_rdms:
    """RDM vectors of all regions of a subject on controlled stimuli."""
    input:
        unpack(inputs("compute_control_rdms")),
    output:
        RDM_FOLDER(FLOW["compute_control_rdms"].output),
    log:
        log_of(FLOW["compute_control_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compute_control_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=120,
    params:
        spec=spec("compute_control_rdms"),
        command=command("compute_control_rdms"),
    shell:
        run("compute_control_rdms")


rule compare_model_partial:
    """Partial RSA of a subject with a model, one control at a time."""
    input:
        unpack(inputs("compare_model_partial")),
    output:
        FLOW["compare_model_partial"].output,
    log:
        log_of(FLOW["compare_model_partial"].output),
    benchmark:
        benchmark_of(FLOW["compare_model_partial"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=120,
    params:
        spec=spec("compare_model_partial"),
        command=command("compare_model_partial"),
    shell:
        run("compare_model_partial")


rule join_rsa_subject_model:
    """A published table: all models and subjects."""
    input:
        unpack(inputs("join_rsa_subject_model")),
    output:
        FLOW["join_rsa_subject_model"].output,
    log:
        log_of(FLOW["join_rsa_subject_model"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_subject_model"),
        command=command("join_rsa_subject_model"),
    shell:
        run("join_rsa_subject_model")
