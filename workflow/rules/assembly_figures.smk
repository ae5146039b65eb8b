# Figures of assemblies, shown by `snakemake --report`.

if SETTINGS.nsd.layout == "raw":

    rule plot_assemblies:
        """RDMs of regions, how alike subjects and regions are, or noise ceilings."""
        input:
            unpack(inputs("plot_assemblies")),
        output:
            report(
                FLOW["plot_assemblies"].output,
                caption="../report/assemblies.rst",
                category=SECTIONS["assemblies"],
                labels={"figure": "{figure} of assemblies{variant}"},
            ),
        log:
            log_of(FLOW["plot_assemblies"].output),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            spec=spec("plot_assemblies"),
            command=command("plot_assemblies"),
        shell:
            run("plot_assemblies")
