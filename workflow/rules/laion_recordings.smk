# LAION-fMRI's recordings: to the prepared dataset, and what was shown trial by trial.


rule prepare_laion_trials:
    """Trials and stimuli, joined by number of volume and name of image."""
    input:
        unpack(inputs("prepare_laion_trials")),
    output:
        main=FLOW["prepare_laion_trials"].output,
        stimuli=FLOW["prepare_laion_trials"].extra_outputs["stimuli"],
    log:
        log_of(FLOW["prepare_laion_trials"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("prepare_laion_trials"),
        command=command("prepare_laion_trials"),
    shell:
        run("prepare_laion_trials")


rule find_laion_voxels:
    """Voxels of a subject's regions, within the brain and above a noise ceiling."""
    input:
        unpack(inputs("find_laion_voxels")),
    output:
        FLOW["find_laion_voxels"].output,
    log:
        log_of(FLOW["find_laion_voxels"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        spec=spec("find_laion_voxels"),
        command=command("find_laion_voxels"),
    shell:
        run("find_laion_voxels")


rule extract_laion_session:
    """The voxels of all regions in one session: trials x voxels."""
    input:
        unpack(inputs("extract_laion_session")),
    output:
        SESSION(FLOW["extract_laion_session"].output),
    log:
        log_of(FLOW["extract_laion_session"].output),
    benchmark:
        benchmark_of(FLOW["extract_laion_session"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("extract_laion_session"),
        command=command("extract_laion_session"),
    shell:
        run("extract_laion_session")


rule gather_laion_responses:
    """All sessions of a subject, standardised, one trials x voxels matrix a region."""
    input:
        unpack(inputs("gather_laion_responses")),
    output:
        directory(FLOW["gather_laion_responses"].output),
    log:
        log_of(FLOW["gather_laion_responses"].output),
    benchmark:
        benchmark_of(FLOW["gather_laion_responses"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        spec=spec("gather_laion_responses"),
        command=command("gather_laion_responses"),
    shell:
        run("gather_laion_responses")


rule select_laion_stimuli:
    """Images of one kind, of one side of a split, or with and without a noun."""
    input:
        unpack(inputs("select_laion_stimuli")),
    output:
        FLOW["select_laion_stimuli"].output,
    log:
        log_of(FLOW["select_laion_stimuli"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("select_laion_stimuli"),
        command=command("select_laion_stimuli"),
    shell:
        run("select_laion_stimuli")


rule import_laion_embedding:
    """An embedding as features of a model, by the images of the dataset."""
    input:
        unpack(inputs("import_laion_embedding")),
    output:
        FLOW["import_laion_embedding"].output,
    log:
        log_of(FLOW["import_laion_embedding"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        spec=spec("import_laion_embedding"),
        command=command("import_laion_embedding"),
    shell:
        run("import_laion_embedding")


rule align_laion_embedding:
    """The embedding of the image of every trial of a subject."""
    input:
        unpack(inputs("align_laion_embedding")),
    output:
        FLOW["align_laion_embedding"].output,
    log:
        log_of(FLOW["align_laion_embedding"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        spec=spec("align_laion_embedding"),
        command=command("align_laion_embedding"),
    shell:
        run("align_laion_embedding")


rule align_laion_captions:
    """The captions of the image of every trial of a subject."""
    input:
        unpack(inputs("align_laion_captions")),
    output:
        FLOW["align_laion_captions"].output,
    log:
        log_of(FLOW["align_laion_captions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("align_laion_captions"),
        command=command("align_laion_captions"),
    shell:
        run("align_laion_captions")


rule align_laion_masks:
    """The masks of the image of every trial of a subject."""
    input:
        unpack(inputs("align_laion_masks")),
    output:
        FLOW["align_laion_masks"].output,
    log:
        log_of(FLOW["align_laion_masks"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("align_laion_masks"),
        command=command("align_laion_masks"),
    shell:
        run("align_laion_masks")
