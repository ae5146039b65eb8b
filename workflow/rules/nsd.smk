# NSD: from its raw layout, or from region matrices that a lab already has, to the prepared dataset.

if SETTINGS.nsd.layout == "raw":

    rule prepare_nsd_trials:
        """Trials and stimuli, checked between the experiment design and the stimulus table."""
        input:
            unpack(inputs("prepare_nsd_trials")),
        output:
            main=FLOW["prepare_nsd_trials"].output,
            stimuli=FLOW["prepare_nsd_trials"].extra_outputs["stimuli"],
        log:
            log_of(FLOW["prepare_nsd_trials"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            spec=spec("prepare_nsd_trials"),
            command=command("prepare_nsd_trials"),
        shell:
            run("prepare_nsd_trials")

    rule merge_nsd_atlas:
        """One volume with the areas of both hemispheres: 1-180 left, 181-360 right."""
        input:
            unpack(inputs("merge_nsd_atlas")),
        output:
            FLOW["merge_nsd_atlas"].output,
        log:
            log_of(FLOW["merge_nsd_atlas"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("merge_nsd_atlas"),
            command=command("merge_nsd_atlas"),
        shell:
            run("merge_nsd_atlas")

    rule extract_nsd_session:
        """The labelled voxels of one session, streamed volume by volume."""
        input:
            unpack(inputs("extract_nsd_session")),
        output:
            SESSION(FLOW["extract_nsd_session"].output),
        log:
            log_of(FLOW["extract_nsd_session"].output),
        benchmark:
            benchmark_of(FLOW["extract_nsd_session"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=60,
        params:
            spec=spec("extract_nsd_session"),
            command=command("extract_nsd_session"),
        shell:
            run("extract_nsd_session")

    rule copy_nsd_stimulus_info:
        """NSD's own stimulus table, byte by byte."""
        input:
            unpack(inputs("copy_nsd_stimulus_info")),
        output:
            FLOW["copy_nsd_stimulus_info"].output,
        log:
            log_of(FLOW["copy_nsd_stimulus_info"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("copy_nsd_stimulus_info"),
            command=command("copy_nsd_stimulus_info"),
        shell:
            run("copy_nsd_stimulus_info")

    rule index_nsd_images:
        """Every NSD image with the path of its JPEG."""
        input:
            unpack(inputs("index_nsd_images")),
        output:
            FLOW["index_nsd_images"].output,
        log:
            log_of(FLOW["index_nsd_images"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("index_nsd_images"),
            command=command("index_nsd_images"),
        shell:
            run("index_nsd_images")

    rule index_nsd_stimuli:
        """Every planned trial of every subject."""
        input:
            unpack(inputs("index_nsd_stimuli")),
        output:
            FLOW["index_nsd_stimuli"].output,
        log:
            log_of(FLOW["index_nsd_stimuli"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            spec=spec("index_nsd_stimuli"),
            command=command("index_nsd_stimuli"),
        shell:
            run("index_nsd_stimuli")

    rule index_nsd_masks:
        """Every region mask of every subject, with the merged atlas."""
        input:
            unpack(inputs("index_nsd_masks")),
        output:
            FLOW["index_nsd_masks"].output,
        log:
            log_of(FLOW["index_nsd_masks"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("index_nsd_masks"),
            command=command("index_nsd_masks"),
        shell:
            run("index_nsd_masks")

else:

    rule import_nsd_trials:
        """Trials and stimuli from a published-layout nsd_stimuli.csv."""
        input:
            unpack(inputs("import_nsd_trials")),
        output:
            main=FLOW["import_nsd_trials"].output,
            stimuli=FLOW["import_nsd_trials"].extra_outputs["stimuli"],
        log:
            log_of(FLOW["import_nsd_trials"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            spec=spec("import_nsd_trials"),
            command=command("import_nsd_trials"),
        shell:
            run("import_nsd_trials")

    rule import_nsd_responses:
        """Region matrices that exist already, checked and linked."""
        input:
            unpack(inputs("import_nsd_responses")),
        output:
            directory(FLOW["import_nsd_responses"].output),
        log:
            log_of(FLOW["import_nsd_responses"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            spec=spec("import_nsd_responses"),
            command=command("import_nsd_responses"),
        shell:
            run("import_nsd_responses")
