# Inter-subject RSA: RDM vectors once a subject and trial set, one comparison a pair of subjects, and
# the published tables as concatenations of the comparisons.


rule select_shared_responses:
    """Responses to shared stimuli, which comparisons of subjects read many times."""
    input:
        unpack(inputs("select_shared_responses")),
    output:
        directory(FLOW["select_shared_responses"].output),
    log:
        log_of(FLOW["select_shared_responses"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("select_shared_responses"),
        command=command("select_shared_responses"),
    shell:
        run("select_shared_responses")


rule compute_rdms:
    """RDM vectors of all regions of one subject on one set of trials."""
    input:
        unpack(inputs("compute_rdms")),
    output:
        RDM_FOLDER(FLOW["compute_rdms"].output),
    log:
        log_of(FLOW["compute_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compute_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=120,
    params:
        spec=spec("compute_rdms"),
        command=command("compute_rdms"),
    shell:
        run("compute_rdms")


rule rank_rdms:
    """Rank-transformed RDM vectors, for Spearman correlation."""
    input:
        unpack(inputs("rank_rdms")),
    output:
        RDM_FOLDER(FLOW["rank_rdms"].output),
    log:
        log_of(FLOW["rank_rdms"].output),
    benchmark:
        benchmark_of(FLOW["rank_rdms"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=120,
    params:
        spec=spec("rank_rdms"),
        command=command("rank_rdms"),
    shell:
        run("rank_rdms")


rule compare_rdms:
    """RSA of every region of one subject with every region of another."""
    input:
        unpack(inputs("compare_rdms")),
    output:
        FLOW["compare_rdms"].output,
    log:
        log_of(FLOW["compare_rdms"].output),
    benchmark:
        benchmark_of(FLOW["compare_rdms"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=60,
        gpu=GPU,
    params:
        spec=spec("compare_rdms"),
        command=command("compare_rdms"),
    shell:
        run("compare_rdms")


rule join_rsa_subject_subject:
    """A published table: all ordered pairs of subjects."""
    input:
        unpack(inputs("join_rsa_subject_subject")),
    output:
        FLOW["join_rsa_subject_subject"].output,
    log:
        log_of(FLOW["join_rsa_subject_subject"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_subject_subject"),
        command=command("join_rsa_subject_subject"),
    shell:
        run("join_rsa_subject_subject")


rule compare_group:
    """RSA of every region of a subject with those of the group of all others."""
    input:
        unpack(inputs("compare_group")),
    output:
        FLOW["compare_group"].output,
    log:
        log_of(FLOW["compare_group"].output),
    benchmark:
        benchmark_of(FLOW["compare_group"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
    params:
        spec=spec("compare_group"),
        command=command("compare_group"),
    shell:
        run("compare_group")


rule select_partition:
    """Stimuli with animate objects, or with objects none of which is animate."""
    input:
        unpack(inputs("select_partition")),
    output:
        FLOW["select_partition"].output,
    log:
        log_of(FLOW["select_partition"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("select_partition"),
        command=command("select_partition"),
    shell:
        run("select_partition")


rule select_controlled:
    """Stimuli for which there are control tables."""
    input:
        unpack(inputs("select_controlled")),
    output:
        FLOW["select_controlled"].output,
    log:
        log_of(FLOW["select_controlled"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("select_controlled"),
        command=command("select_controlled"),
    shell:
        run("select_controlled")


rule compare_rdms_partial:
    """Partial RSA of two subjects, one control at a time."""
    input:
        unpack(inputs("compare_rdms_partial")),
    output:
        FLOW["compare_rdms_partial"].output,
    log:
        log_of(FLOW["compare_rdms_partial"].output),
    benchmark:
        benchmark_of(FLOW["compare_rdms_partial"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=60,
    params:
        spec=spec("compare_rdms_partial"),
        command=command("compare_rdms_partial"),
    shell:
        run("compare_rdms_partial")


rule join_rsa_partitions:
    """Inter-subject RSA on partitions of the stimuli."""
    input:
        unpack(inputs("join_rsa_partitions")),
    output:
        FLOW["join_rsa_partitions"].output,
    log:
        log_of(FLOW["join_rsa_partitions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_partitions"),
        command=command("join_rsa_partitions"),
    shell:
        run("join_rsa_partitions")


rule join_rsa_partial:
    """Inter-subject partial RSA."""
    input:
        unpack(inputs("join_rsa_partial")),
    output:
        FLOW["join_rsa_partial"].output,
    log:
        log_of(FLOW["join_rsa_partial"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_partial"),
        command=command("join_rsa_partial"),
    shell:
        run("join_rsa_partial")


rule join_rsa_subject_group:
    """Every subject with the group of all others."""
    input:
        unpack(inputs("join_rsa_subject_group")),
    output:
        FLOW["join_rsa_subject_group"].output,
    log:
        log_of(FLOW["join_rsa_subject_group"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_subject_group"),
        command=command("join_rsa_subject_group"),
    shell:
        run("join_rsa_subject_group")


rule join_cka_subject_subject:
    """Inter-subject unbiased CKA."""
    input:
        unpack(inputs("join_cka_subject_subject")),
    output:
        FLOW["join_cka_subject_subject"].output,
    log:
        log_of(FLOW["join_cka_subject_subject"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_cka_subject_subject"),
        command=command("join_cka_subject_subject"),
    shell:
        run("join_cka_subject_subject")


rule select_stimuli:
    """Stimuli of one source or kind."""
    input:
        unpack(inputs("select_stimuli")),
    output:
        FLOW["select_stimuli"].output,
    log:
        log_of(FLOW["select_stimuli"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("select_stimuli"),
        command=command("select_stimuli"),
    shell:
        run("select_stimuli")


rule compare_subject_sessions:
    """RSA of two subjects in each session of the first."""
    input:
        unpack(inputs("compare_subject_sessions")),
    output:
        FLOW["compare_subject_sessions"].output,
    log:
        log_of(FLOW["compare_subject_sessions"].output),
    benchmark:
        benchmark_of(FLOW["compare_subject_sessions"].output)
    conda:
        ENVIRONMENT
    threads: SETTINGS.resources.threads
    resources:
        mem_mb=SETTINGS.resources.memory_mb,
        runtime=240,
        gpu=GPU,
    params:
        spec=spec("compare_subject_sessions"),
        command=command("compare_subject_sessions"),
    shell:
        run("compare_subject_sessions")


rule join_rsa_sessions:
    """All ordered pairs of different subjects, session by session."""
    input:
        unpack(inputs("join_rsa_sessions")),
    output:
        FLOW["join_rsa_sessions"].output,
    log:
        log_of(FLOW["join_rsa_sessions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("join_rsa_sessions"),
        command=command("join_rsa_sessions"),
    shell:
        run("join_rsa_sessions")
