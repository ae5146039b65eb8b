# The end of every preparation: selected regions, joined sessions, and their quality.


rule build_regions:
    """The regions that the settings select."""
    input:
        unpack(inputs("build_regions")),
    output:
        FLOW["build_regions"].output,
    log:
        log_of(FLOW["build_regions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=500,
        runtime=5,
    params:
        spec=spec("build_regions"),
        command=command("build_regions"),
    shell:
        run("build_regions")


rule gather_responses:
    """All sessions of a subject, one trials x voxels matrix a region."""
    input:
        unpack(inputs("gather_responses")),
    output:
        directory(FLOW["gather_responses"].output),
    log:
        log_of(FLOW["gather_responses"].output),
    benchmark:
        benchmark_of(FLOW["gather_responses"].output)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        spec=spec("gather_responses"),
        command=command("gather_responses"),
    shell:
        run("gather_responses")


rule summarise_quality:
    """Voxel counts of every subject and region, and what is wrong with any."""
    input:
        unpack(inputs("summarise_quality")),
    output:
        FLOW["summarise_quality"].output,
    log:
        log_of(FLOW["summarise_quality"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=spec("summarise_quality"),
        command=command("summarise_quality"),
    shell:
        run("summarise_quality")
