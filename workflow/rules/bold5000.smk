# BOLD5000: from betas, lists and an atlas to the prepared dataset and the published indexes.


rule prepare_bold5000_trials:
    """Trials and stimuli of BOLD5000, with repetitions counted."""
    input:
        unpack(inputs("prepare_bold5000_trials")),
    output:
        main=FLOW["prepare_bold5000_trials"].output,
        stimuli=FLOW["prepare_bold5000_trials"].extra_outputs["stimuli"],
    log:
        log_of(FLOW["prepare_bold5000_trials"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("prepare_bold5000_trials"),
        command=command("prepare_bold5000_trials"),
    shell:
        run("prepare_bold5000_trials")


rule relabel_bold5000_atlas:
    """The atlas of a subject, of either numbering, as 1-180 left and 181-360 right."""
    input:
        unpack(inputs("relabel_bold5000_atlas")),
    output:
        FLOW["relabel_bold5000_atlas"].output,
    log:
        log_of(FLOW["relabel_bold5000_atlas"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("relabel_bold5000_atlas"),
        command=command("relabel_bold5000_atlas"),
    shell:
        run("relabel_bold5000_atlas")


rule extract_bold5000_session:
    """The labelled voxels of one session, streamed volume by volume."""
    input:
        unpack(inputs("extract_bold5000_session")),
    output:
        SESSION(FLOW["extract_bold5000_session"].output),
    log:
        log_of(FLOW["extract_bold5000_session"].output),
    benchmark:
        benchmark_of(FLOW["extract_bold5000_session"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        spec=spec("extract_bold5000_session"),
        command=command("extract_bold5000_session"),
    shell:
        run("extract_bold5000_session")


rule index_bold5000_stimuli:
    """Every trial of every subject, as CSV and as parquet."""
    input:
        unpack(inputs("index_bold5000_stimuli")),
    output:
        main=FLOW["index_bold5000_stimuli"].output,
        parquet=FLOW["index_bold5000_stimuli"].extra_outputs["parquet"],
    log:
        log_of(FLOW["index_bold5000_stimuli"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_bold5000_stimuli"),
        command=command("index_bold5000_stimuli"),
    shell:
        run("index_bold5000_stimuli")


rule tabulate_bold5000_images:
    """Every image with the dense number by which features are ordered."""
    input:
        unpack(inputs("tabulate_bold5000_images")),
    output:
        FLOW["tabulate_bold5000_images"].output,
    log:
        log_of(FLOW["tabulate_bold5000_images"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("tabulate_bold5000_images"),
        command=command("tabulate_bold5000_images"),
    shell:
        run("tabulate_bold5000_images")


rule index_bold5000_captions:
    """Generated captions in the order of the images."""
    input:
        unpack(inputs("index_bold5000_captions")),
    output:
        FLOW["index_bold5000_captions"].output,
    log:
        log_of(FLOW["index_bold5000_captions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("index_bold5000_captions"),
        command=command("index_bold5000_captions"),
    shell:
        run("index_bold5000_captions")


if SETTINGS.bold5000.atlas == "fsl":

    rule register_bold5000_atlas:
        """The atlas of a subject, carried from MNI152 to functional space by FSL."""
        input:
            unpack(inputs("register_bold5000_atlas")),
        output:
            FLOW["register_bold5000_atlas"].output,
        log:
            log_of(FLOW["register_bold5000_atlas"].output),
        benchmark:
            benchmark_of(FLOW["register_bold5000_atlas"].output)
        conda:
            FSL_ENVIRONMENT
        resources:
            mem_mb=6000,
            runtime=240,
        params:
            spec=spec("register_bold5000_atlas"),
            command=command("register_bold5000_atlas"),
        shell:
            run("register_bold5000_atlas")
