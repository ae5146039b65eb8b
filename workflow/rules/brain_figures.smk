# Figures of hierarchy, connectivity, networks and cortical maps, shown by `snakemake --report`.


rule plot_hierarchy:
    """Similarity of regions and models along the layers of the models."""
    input:
        unpack(inputs("plot_hierarchy")),
    output:
        main=report(
            FLOW["plot_hierarchy"].output,
            caption="../report/hierarchy.rst",
            category=SECTIONS["hierarchy"],
            subcategory="{dataset}",
            labels={"figure": "{hierarchy}"},
        ),
        svg=FLOW["plot_hierarchy"].extra_outputs["svg"],
        tsv=FLOW["plot_hierarchy"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_hierarchy"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_hierarchy"),
        command=command("plot_hierarchy"),
    shell:
        run("plot_hierarchy")


rule plot_connectivity:
    """Similarity of regions within and across subjects, as matrices."""
    input:
        unpack(inputs("plot_connectivity")),
    output:
        main=report(
            FLOW["plot_connectivity"].output,
            caption="../report/connectivity.rst",
            category=SECTIONS["connectivity"],
            subcategory="{dataset}",
            labels={"figure": "{connectivity}"},
        ),
        svg=FLOW["plot_connectivity"].extra_outputs["svg"],
        tsv=FLOW["plot_connectivity"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_connectivity"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_connectivity"),
        command=command("plot_connectivity"),
    shell:
        run("plot_connectivity")


rule plot_networks:
    """Backbones of the similarity of regions, coloured by depth."""
    input:
        unpack(inputs("plot_networks")),
    output:
        main=report(
            FLOW["plot_networks"].output,
            caption="../report/networks.rst",
            category=SECTIONS["networks"],
            subcategory="{dataset}",
            labels={"figure": "{network}"},
        ),
        svg=FLOW["plot_networks"].extra_outputs["svg"],
        tsv=FLOW["plot_networks"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_networks"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_networks"),
        command=command("plot_networks"),
    shell:
        run("plot_networks")


rule plot_cortical_maps:
    """Regions on the flattened cortex."""
    input:
        unpack(inputs("plot_cortical_maps")),
    output:
        main=report(
            FLOW["plot_cortical_maps"].output,
            caption="../report/maps.rst",
            category=SECTIONS["maps"],
            subcategory="{dataset}",
            labels={"figure": "{map}"},
        ),
        svg=FLOW["plot_cortical_maps"].extra_outputs["svg"],
        tsv=FLOW["plot_cortical_maps"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_cortical_maps"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_cortical_maps"),
        command=command("plot_cortical_maps"),
    shell:
        run("plot_cortical_maps")
