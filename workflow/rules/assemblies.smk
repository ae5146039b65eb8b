# NSD's shared images as assemblies for Brain-Score, from the 1.8 mm betas.

if SETTINGS.nsd.layout == "raw":

    rule find_nsd_neuroids:
        """The voxels of all regions of a subject, with their noise ceilings."""
        input:
            unpack(inputs("find_nsd_neuroids")),
        output:
            FLOW["find_nsd_neuroids"].output,
        log:
            log_of(FLOW["find_nsd_neuroids"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("find_nsd_neuroids"),
            command=command("find_nsd_neuroids"),
        shell:
            run("find_nsd_neuroids")

    rule extract_nsd_shared_trials:
        """Trials of shared images of one session, and sums over all its trials."""
        input:
            unpack(inputs("extract_nsd_shared_trials")),
        output:
            FLOW["extract_nsd_shared_trials"].output,
        log:
            log_of(FLOW["extract_nsd_shared_trials"].output),
        benchmark:
            benchmark_of(FLOW["extract_nsd_shared_trials"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=60,
        params:
            spec=spec("extract_nsd_shared_trials"),
            command=command("extract_nsd_shared_trials"),
        shell:
            run("extract_nsd_shared_trials")

    rule split_nsd_images:
        """Images that all subjects saw three times, for training and for testing."""
        input:
            unpack(inputs("split_nsd_images")),
        output:
            FLOW["split_nsd_images"].output,
        log:
            log_of(FLOW["split_nsd_images"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("split_nsd_images"),
            command=command("split_nsd_images"),
        shell:
            run("split_nsd_images")

    rule build_nsd_assembly:
        """The assembly of a region: means over repetitions, all subjects."""
        input:
            unpack(inputs("build_nsd_assembly")),
        output:
            FLOW["build_nsd_assembly"].output,
        log:
            log_of(FLOW["build_nsd_assembly"].output),
        benchmark:
            benchmark_of(FLOW["build_nsd_assembly"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            spec=spec("build_nsd_assembly"),
            command=command("build_nsd_assembly"),
        shell:
            run("build_nsd_assembly")

    rule build_nsd_benchmark:
        """The assemblies that Brain-Score trains and tests on."""
        input:
            unpack(inputs("build_nsd_benchmark")),
        output:
            main=FLOW["build_nsd_benchmark"].output,
            test=FLOW["build_nsd_benchmark"].extra_outputs["test"],
        log:
            log_of(FLOW["build_nsd_benchmark"].output),
        benchmark:
            benchmark_of(FLOW["build_nsd_benchmark"].output)
        conda:
            ENVIRONMENT
        resources:
            mem_mb=3000,
            runtime=60,
        params:
            spec=spec("build_nsd_benchmark"),
            command=command("build_nsd_benchmark"),
        shell:
            run("build_nsd_benchmark")

    rule extract_nsd_pictures:
        """The pictures of the training or test images."""
        input:
            unpack(inputs("extract_nsd_pictures")),
        output:
            directory(FLOW["extract_nsd_pictures"].output),
        log:
            log_of(FLOW["extract_nsd_pictures"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("extract_nsd_pictures"),
            command=command("extract_nsd_pictures"),
        shell:
            run("extract_nsd_pictures")

    rule package_nsd_stimuli:
        """The stimulus set of the training or test images."""
        input:
            unpack(inputs("package_nsd_stimuli")),
        output:
            main=FLOW["package_nsd_stimuli"].output,
            archive=FLOW["package_nsd_stimuli"].extra_outputs["archive"],
        log:
            log_of(FLOW["package_nsd_stimuli"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("package_nsd_stimuli"),
            command=command("package_nsd_stimuli"),
        shell:
            run("package_nsd_stimuli")

    rule list_nsd_packages:
        """Identifiers, sizes and digests of the packaged files."""
        input:
            unpack(inputs("list_nsd_packages")),
        output:
            FLOW["list_nsd_packages"].output,
        log:
            log_of(FLOW["list_nsd_packages"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            spec=spec("list_nsd_packages"),
            command=command("list_nsd_packages"),
        shell:
            run("list_nsd_packages")
