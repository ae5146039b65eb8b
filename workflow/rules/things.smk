# THINGS-fMRI: from its table release to the prepared dataset and the published indexes.


rule prepare_things_trials:
    """Trials and stimuli of THINGS-fMRI, with repetitions counted."""
    input:
        unpack(inputs("prepare_things_trials")),
    output:
        main=FLOW["prepare_things_trials"].output,
        stimuli=FLOW["prepare_things_trials"].extra_outputs["stimuli"],
    log:
        log_of(FLOW["prepare_things_trials"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("prepare_things_trials"),
        command=command("prepare_things_trials"),
    shell:
        run("prepare_things_trials")


rule extract_things_responses:
    """One trials x voxels matrix a region, from a table of voxels x trials."""
    input:
        unpack(inputs("extract_things_responses")),
    output:
        directory(FLOW["extract_things_responses"].output),
    log:
        log_of(FLOW["extract_things_responses"].output),
    benchmark:
        benchmark_of(FLOW["extract_things_responses"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        spec=spec("extract_things_responses"),
        command=command("extract_things_responses"),
    shell:
        run("extract_things_responses")


rule index_things_stimuli:
    """Every response trial of every subject, as CSV and as parquet."""
    input:
        unpack(inputs("index_things_stimuli")),
    output:
        main=FLOW["index_things_stimuli"].output,
        parquet=FLOW["index_things_stimuli"].extra_outputs["parquet"],
    log:
        log_of(FLOW["index_things_stimuli"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_things_stimuli"),
        command=command("index_things_stimuli"),
    shell:
        run("index_things_stimuli")


rule index_things_categories:
    """Every concept with its higher-level categories."""
    input:
        unpack(inputs("index_things_categories")),
    output:
        FLOW["index_things_categories"].output,
    log:
        log_of(FLOW["index_things_categories"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_things_categories"),
        command=command("index_things_categories"),
    shell:
        run("index_things_categories")


rule index_things_captions:
    """Generated captions with the concepts of the images."""
    input:
        unpack(inputs("index_things_captions")),
    output:
        FLOW["index_things_captions"].output,
    log:
        log_of(FLOW["index_things_captions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_things_captions"),
        command=command("index_things_captions"),
    shell:
        run("index_things_captions")
