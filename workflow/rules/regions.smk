# The table of brain areas, the same for every dataset that uses the HCP-MMP1 parcellation.


rule build_hcp_table:
    """The 360 areas with names, groups and colours, in the published layout."""
    input:
        unpack(inputs("build_hcp_table")),
    output:
        FLOW["build_hcp_table"].output,
    log:
        log_of(FLOW["build_hcp_table"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=500,
        runtime=5,
    params:
        spec=spec("build_hcp_table"),
        command=command("build_hcp_table"),
    shell:
        run("build_hcp_table")
