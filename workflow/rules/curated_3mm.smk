# The curated decoding set of NSD: labels and trials, resampled sessions, files of subjects.

if SETTINGS.nsd.layout == "raw":

    rule label_coco_images:
        """COCO's labels of every NSD image, and the one that the rule chooses."""
        input:
            unpack(inputs("label_coco_images")),
        output:
            FLOW["label_coco_images"].output,
        log:
            log_of(FLOW["label_coco_images"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=4000,
            runtime=20,
        params:
            spec=spec("label_coco_images"),
            command=command("label_coco_images"),
        shell:
            run("label_coco_images")

    rule label_trials:
        """All planned trials of all subjects, with the labels of their images."""
        input:
            unpack(inputs("label_trials")),
        output:
            FLOW["label_trials"].output,
        log:
            log_of(FLOW["label_trials"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            spec=spec("label_trials"),
            command=command("label_trials"),
        shell:
            run("label_trials")

    rule choose_trials:
        """Which trials are kept: the one step that looks at all subjects together."""
        input:
            unpack(inputs("choose_trials")),
        output:
            FLOW["choose_trials"].output,
        log:
            log_of(FLOW["choose_trials"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            spec=spec("choose_trials"),
            command=command("choose_trials"),
        shell:
            run("choose_trials")

    rule mask_grey_matter:
        """The grid that nilearn gives the responses, and the grey matter on it."""
        input:
            unpack(inputs("mask_grey_matter")),
        output:
            FLOW["mask_grey_matter"].output,
        log:
            log_of(FLOW["mask_grey_matter"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("mask_grey_matter"),
            command=command("mask_grey_matter"),
        shell:
            run("mask_grey_matter")

    rule resample_mni_session:
        """One session on that grid: its grey-matter voxels, a block of volumes at a time."""
        input:
            unpack(inputs("resample_mni_session")),
        output:
            main=MNI_SESSION(FLOW["resample_mni_session"].output),
            valid=MNI_SESSION(FLOW["resample_mni_session"].extra_outputs["valid"]),
        log:
            log_of(FLOW["resample_mni_session"].output),
        benchmark:
            benchmark_of(FLOW["resample_mni_session"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1500,
            runtime=120,
        params:
            spec=spec("resample_mni_session"),
            command=command("resample_mni_session"),
        shell:
            run("resample_mni_session")

    rule curate_trials:
        """Labels, runs and images of the rows of a subject."""
        input:
            unpack(inputs("curate_trials")),
        output:
            main=FLOW["curate_trials"].output,
            runs=FLOW["curate_trials"].extra_outputs["runs"],
            images=FLOW["curate_trials"].extra_outputs["images"],
            table=FLOW["curate_trials"].extra_outputs["table"],
        log:
            log_of(FLOW["curate_trials"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("curate_trials"),
            command=command("curate_trials"),
        shell:
            run("curate_trials")

    rule curate_responses:
        """The kept trials of all sessions of a subject, one matrix."""
        input:
            unpack(inputs("curate_responses")),
        output:
            main=FLOW["curate_responses"].output,
            columns=FLOW["curate_responses"].extra_outputs["columns"],
            counts=FLOW["curate_responses"].extra_outputs["counts"],
        log:
            log_of(FLOW["curate_responses"].output),
        benchmark:
            benchmark_of(FLOW["curate_responses"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=60,
        params:
            spec=spec("curate_responses"),
            command=command("curate_responses"),
        shell:
            run("curate_responses")

    rule write_curated_image:
        """The same as a 4-D image, for those who ask for it by name."""
        input:
            unpack(inputs("write_curated_image")),
        output:
            FLOW["write_curated_image"].output,
        log:
            log_of(FLOW["write_curated_image"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=240,
        params:
            spec=spec("write_curated_image"),
            command=command("write_curated_image"),
        shell:
            run("write_curated_image")

    rule report_curation:
        """What was kept, what was left out and why."""
        input:
            unpack(inputs("report_curation")),
        output:
            FLOW["report_curation"].output,
        log:
            log_of(FLOW["report_curation"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("report_curation"),
            command=command("report_curation"),
        shell:
            run("report_curation")

    rule plot_curation:
        """The same numbers as a figure."""
        input:
            unpack(inputs("plot_curation")),
        output:
            report(
                FLOW["plot_curation"].output,
                caption="../report/curation.rst",
                category=SECTIONS["curated"],
                labels={"figure": "what is kept"},
            ),
        log:
            log_of(FLOW["plot_curation"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("plot_curation"),
            command=command("plot_curation"),
        shell:
            run("plot_curation")
