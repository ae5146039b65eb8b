# Mouse V1 scans: index, statistics, noise ceilings, assemblies, parts as scans, and the prepared
# dataset, from which everything that compares subjects starts.


rule index_mouse_scan:
    """Trials, neurons, tiers and responses of a scan, and what is odd about it."""
    input:
        unpack(inputs("index_mouse_scan")),
    output:
        directory(FLOW["index_mouse_scan"].output),
    log:
        log_of(FLOW["index_mouse_scan"].output),
    benchmark:
        benchmark_of(FLOW["index_mouse_scan"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("index_mouse_scan"),
        command=command("index_mouse_scan"),
    shell:
        run("index_mouse_scan")


rule recompute_mouse_statistics:
    """Statistics by rule, and the rule that the shipped ones follow."""
    input:
        unpack(inputs("recompute_mouse_statistics")),
    output:
        directory(FLOW["recompute_mouse_statistics"].output),
    log:
        log_of(FLOW["recompute_mouse_statistics"].output),
    benchmark:
        benchmark_of(FLOW["recompute_mouse_statistics"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=6000,
        runtime=60,
    params:
        spec=spec("recompute_mouse_statistics"),
        command=command("recompute_mouse_statistics"),
    shell:
        run("recompute_mouse_statistics")


rule measure_mouse_ceilings:
    """Noise ceilings of the neurons of a scan."""
    input:
        unpack(inputs("measure_mouse_ceilings")),
    output:
        FLOW["measure_mouse_ceilings"].output,
    log:
        log_of(FLOW["measure_mouse_ceilings"].output),
    benchmark:
        benchmark_of(FLOW["measure_mouse_ceilings"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("measure_mouse_ceilings"),
        command=command("measure_mouse_ceilings"),
    shell:
        run("measure_mouse_ceilings")


rule join_mouse_ceilings:
    """Noise ceilings of all neurons of all scans."""
    input:
        unpack(inputs("join_mouse_ceilings")),
    output:
        FLOW["join_mouse_ceilings"].output,
    log:
        log_of(FLOW["join_mouse_ceilings"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("join_mouse_ceilings"),
        command=command("join_mouse_ceilings"),
    shell:
        run("join_mouse_ceilings")


rule assemble_mouse_scan:
    """Assemblies of areas and layers, train and test, raw and standardised."""
    input:
        unpack(inputs("assemble_mouse_scan")),
    output:
        directory(FLOW["assemble_mouse_scan"].output),
    log:
        log_of(FLOW["assemble_mouse_scan"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=spec("assemble_mouse_scan"),
        command=command("assemble_mouse_scan"),
    shell:
        run("assemble_mouse_scan")


rule export_mouse_scan:
    """A part of a scan as a scan of its own."""
    input:
        unpack(inputs("export_mouse_scan")),
    output:
        directory(FLOW["export_mouse_scan"].output),
    log:
        log_of(FLOW["export_mouse_scan"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=spec("export_mouse_scan"),
        command=command("export_mouse_scan"),
    shell:
        run("export_mouse_scan")


rule prepare_mouse_trials:
    """Trials and stimuli of scans, with images matched across mice."""
    input:
        unpack(inputs("prepare_mouse_trials")),
    output:
        main=FLOW["prepare_mouse_trials"].output,
        stimuli=FLOW["prepare_mouse_trials"].extra_outputs["stimuli"],
    log:
        log_of(FLOW["prepare_mouse_trials"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("prepare_mouse_trials"),
        command=command("prepare_mouse_trials"),
    shell:
        run("prepare_mouse_trials")


rule extract_mouse_responses:
    """One trials x neurons matrix a region."""
    input:
        unpack(inputs("extract_mouse_responses")),
    output:
        directory(FLOW["extract_mouse_responses"].output),
    log:
        log_of(FLOW["extract_mouse_responses"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("extract_mouse_responses"),
        command=command("extract_mouse_responses"),
    shell:
        run("extract_mouse_responses")
